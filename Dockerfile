# syntax=docker/dockerfile:1

FROM node:22-slim AS pages
WORKDIR /build/clients/typescript
COPY clients/typescript/package.json clients/typescript/package-lock.json ./
RUN npm ci --no-audit --no-fund
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY clients/typescript ../clients/typescript
COPY frontend ./
RUN npm run build

FROM python:3.11-slim AS packages
RUN python -m venv /opt/muster
COPY requirements.lock ./
RUN /opt/muster/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock

FROM python:3.11-slim
ENV PATH=/opt/muster/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /srv/muster
RUN useradd --system --home-dir /srv/muster --shell /usr/sbin/nologin muster \
    && install --directory --owner muster --group muster var
COPY --from=packages /opt/muster /opt/muster
COPY LICENSE Procfile manage.py ./
COPY script/healthy script/run script/translations.py script/
COPY backend backend
COPY --from=pages /build/backend/console/static/console backend/console/static/console
RUN python script/translations.py
USER muster
VOLUME /srv/muster/var
EXPOSE 8000 8001
ENTRYPOINT ["script/run"]
CMD ["web"]
