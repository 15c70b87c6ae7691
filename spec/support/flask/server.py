"""The contract's Flask receiver. The handler is the contract's, word for word; prints its port."""
import sys
from werkzeug.serving import make_server

import os
from flask import Flask, request

app = Flask(__name__)

@app.route("/webhook", methods=["POST"])
def webhook():
    auth = request.headers.get("Authorization")
    if auth != f"Bearer {os.environ['WEBHOOK_TOKEN']}":
        return "Unauthorized", 401
    data = request.get_json()
    print("Intent fired:", data)
    return "OK", 200

server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port)
sys.stdout.flush()
server.serve_forever()
