const express = require("express");
const pino = require("pino");

const log = pino({ enabled: process.env.NODE_ENV === "production" });
const app = express();
app.get("/prices", (request, response) => response.json({ apple: 3, pear: 4 }));
app.use(express.static("dist"));

module.exports = app;

if (require.main === module) {
  app.listen(3000, "127.0.0.1", () => log.info("listening"));
}
