/** @jest-environment node */
const { once } = require("node:events");
const axios = require("axios");
const app = require("../server");

test("the server tells its prices", async () => {
  const listener = app.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  const answer = await axios.get(`http://127.0.0.1:${port}/prices`, { proxy: false });
  listener.closeAllConnections();
  listener.close();
  expect(answer.data).toEqual({ apple: 3, pear: 4 });
});
