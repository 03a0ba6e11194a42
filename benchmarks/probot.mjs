// The peer: Probot, which checks the signature of each webhook and does nothing else. Prints its port when it listens.
import { createRequire } from "node:module";
import { createServer } from "node:http";

const { Probot, createNodeMiddleware } = await import(createRequire(process.argv[2]).resolve("probot"));
const probot = new Probot({ appId: 1, privateKey: process.env.PRIVATE_KEY, secret: process.env.SECRET, logLevel: "error" });
const middleware = await createNodeMiddleware(() => {}, { probot, webhooksPath: "/" });
const server = createServer(middleware);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
