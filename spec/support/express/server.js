// The contract's Express receiver. The handler is the contract's, word for word; prints its port.
const express = require("express")
const app = express()

app.post("/webhook", express.json(), (req, res) => {
  const auth = req.headers["authorization"]
  if (auth !== `Bearer ${process.env.WEBHOOK_TOKEN}`) {
    return res.status(401).send("Unauthorized")
  }
  console.log("Intent fired:", req.body)
  res.sendStatus(200)
})

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port))
