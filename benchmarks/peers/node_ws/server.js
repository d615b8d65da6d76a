// Accepts sockets; what is posted goes to all of them, as one buffer.
const { createServer } = require("node:http");
const { WebSocketServer } = require("ws");

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const event = Buffer.concat(parts);
    for (const socket of sockets.clients) socket.send(event, { binary: false });
    response.end();
  });
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
server.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 4096 });
