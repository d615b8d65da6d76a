# syntax=docker/dockerfile:1

# Where no registry of images is reachable, script/image gives bases of its own. The secrets are for machines with their
# own certificates or package servers; without them nothing is mounted.
ARG NODE_IMAGE=node:22-slim
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${NODE_IMAGE} AS pages
WORKDIR /build/clients/typescript
COPY clients/typescript/package.json clients/typescript/package-lock.json ./
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=certificates \
    NPM_CONFIG_USERCONFIG=/run/secrets/npmrc npm ci --no-audit --no-fund
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=certificates \
    NPM_CONFIG_USERCONFIG=/run/secrets/npmrc npm ci --no-audit --no-fund
COPY clients/typescript ../clients/typescript
COPY frontend ./
RUN npm run build

FROM ${PYTHON_IMAGE} AS packages
RUN python -m venv /opt/muster
COPY requirements.lock ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=certificates \
    /opt/muster/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock

FROM ${PYTHON_IMAGE}
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
