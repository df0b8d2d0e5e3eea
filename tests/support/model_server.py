#!/usr/bin/env python3
"""A scripted model server for tests, benchmarks and the demo: it is no model, it plays one from a file.

Speaks the four wires (OpenAI Responses, Chat Completions, Anthropic Messages, Gemini), streamed, and holds every
request against the protocol: each call answered once, in order, by the next message; what the server sent is sent
back unchanged (reasoning, thinking and signatures included); what was sent before stands byte for byte at the
beginning of the next request. A request that breaks a rule is answered with 400, and told at GET /violations.

    model_server.py SCENARIO.json... [--port N] [--key KEY] [--log FILE] [--dump FOLDER]

prints its port. The base URL names the scenario and a conversation of your choice: http://127.0.0.1:PORT/NAME/ANY
(with /v1 for the wires of OpenAI). A scenario is {"replies": [REPLY, ...], "aux": REPLY}; the reply is chosen by how
many the conversation already holds, "aux" answers requests that offer no tools. REPLY:

    {"say": TEXT, "think": TEXT, "calls": [{"tool": NAME, "arguments": {...} or "TEXT"}],   what it does
     "usage": {"input": N, "cached": N, "cache_write": N, "output": N}, "stop": "length" | "refusal",
     "faults": [FAULT, ...],                                       what happens before, one a request
     "faults_of": CONVERSATION}                                    to this one alone
    FAULT: {"status": 429, "headers": {...}, "body": {...}} | {"cut_after": EVENTS} | {"error_in_stream": {...}}
           | {"raw": TEXT} | {"close": true} | {"silence_ms": N}
    "once": REPLY given instead the first time, or a list of them, one a time; with "once_of": CONVERSATION to this one alone,
    "until_file": PATH held back until the file is there,
    "delay_ms": N between events, "chunk": N characters an event, "split": N bytes a write, "repeat": N times the text

With "plain": true any client may ask, whatever it sends, streamed or not; with "lenient": true any client may have a
whole conversation, of which only the replies are counted.
With "rewinds": true in the scenario a conversation may go back, with "compacts": true its beginning may be replaced by
something shorter: then the newest replies stand behind that, unchanged. "context": N refuses what has more tokens (four
bytes each), in the vendor's words; the vendors' own counting answers with the same measure. "vendor_compaction": TEXT
turns on the compaction that OpenAI's and Anthropic's own servers have.
The last reply is given again where a conversation goes on behind the script."""
import argparse
import json
import os
import re
import socket
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

from model_wires import TOO_LONG, WIRES, Broken, arguments_of, need

LOCK = threading.Lock()
VIOLATIONS = []
TRIES = {}       # (scenario, conversation, wire, turn) -> requests so far
SENT = {}        # (scenario, conversation, wire) -> what was sent: turn -> native items
BEFORE = {}      # (scenario, conversation, wire) -> the raw body of the request before
LEFT_OUT = {}    # (scenario, conversation, wire) -> how many of the first replies were replaced by something shorter
SCENARIOS = {}
ARGS = None


def beside(path, body, scenario, raw):
    """The answer to a question beside the conversation: (status, object), or None for any other."""
    tokens, compaction = len(raw) // 4, scenario.get("vendor_compaction")
    if re.search(r"/responses/input_tokens$", path):
        return 200, {"object": "response.input_tokens", "input_tokens": tokens}
    if re.search(r"/v1/messages/count_tokens$", path):
        return 200, {"input_tokens": tokens}
    if re.search(r":countTokens$", path):
        return 200, {"totalTokens": tokens}
    if re.search(r"/responses/compact$", path):
        if not compaction:
            return 404, {"error": {"message": "Not Found", "type": "invalid_request_error"}}
        calls = {i["call_id"] for i in body["input"] if i["type"] == "function_call"}
        need(calls == {i["call_id"] for i in body["input"] if i["type"] == "function_call_output"}, "calls without their answers")
        return 200, {"id": "resp_9", "object": "response.compaction", "created_at": 1, "usage": {"input_tokens": tokens, "output_tokens": 9},
                     "output": [i for i in body["input"] if i.get("role") == "user"]
                               + [{"type": "compaction", "id": "cmp_1", "encrypted_content": compaction}]}
    if "context_management" in body:
        if not compaction:
            return 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "context_management: not supported"}}
        return 200, {"id": "m9", "type": "message", "role": "assistant", "content": [{"type": "compaction", "content": compaction}],
                     "stop_reason": "compaction", "usage": {"input_tokens": tokens, "output_tokens": 9}}
    return None


def worth_keeping(reply):
    """What a client may send back of a reply: of one that was cut neither half a call nor a thought with nothing behind it."""
    if reply.get("stop") != "length":
        return reply
    whole = []
    for call in reply.get("calls", []):
        try:
            json.loads(arguments_of(call))
            whole.append(call)
        except ValueError:
            break
    return {**reply, "calls": whole, "think": reply.get("think") if whole or reply.get("say") else None}


def check(wire, key, raw, items, scenario):
    """Whether the request follows from what was sent. Returns how many replies stand before it."""
    turns = wire.turns(items)
    rewinds = scenario.get("rewinds")
    before = BEFORE.get(key)
    fresh = before is not None and not raw.startswith(before[:-len(wire.end)])
    if fresh and scenario.get("compacts"):
        LEFT_OUT[key] = max([n + 1 for n in SENT.get(key, {})], default=0) - len(turns)
        need(LEFT_OUT[key] >= 0, "more replies than were sent")
        BEFORE[key] = before = None
    left_out = LEFT_OUT.get(key, 0)
    for n, (own, after) in enumerate(turns):
        calls, answers = wire.calls(own), wire.answers(after)
        need(calls == answers, f"turn {n}: calls {calls} were answered by {answers}")
        need(after, f"turn {n}: nothing follows the reply") if n == len(turns) - 1 else None
        sent = SENT.get(key, {}).get(n + left_out)
        need(sent is None or sent == own, f"turn {n}: sent {json.dumps(sent)}, came back as {json.dumps(own)}")
    if fresh and rewinds and before is not None:
        for n in [n for n in SENT.get(key, {}) if n >= len(turns)]:
            del SENT[key][n]
    elif before is not None:
        need(raw.startswith(before[:-len(wire.end)]), "what was sent before does not stand at the beginning")
    return len(turns) + left_out


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, 65536

    def log_message(self, *args):
        pass

    def plain(self, status, value, headers=None):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, str(text))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def do_GET(self):
        if self.path == "/violations":
            with LOCK:
                return self.plain(200, VIOLATIONS)
        if self.path.endswith("/models"):
            return self.plain(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}], "models": [{"name": "models/scripted"}]})
        self.plain(404, {"error": {"message": "not found"}})

    def do_POST(self):
        arrived = time.monotonic()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        parts = path.split("/")
        scenario = SCENARIOS.get(parts[1])
        wire = next((w for pattern, w in WIRES if pattern.search(path)), None)
        if scenario:
            try:
                answer = beside(path, json.loads(raw), scenario, raw)
            except (Broken, ValueError, KeyError, TypeError) as error:
                with LOCK:
                    VIOLATIONS.append({"conversation": parts[2], "what": f"beside: {type(error).__name__}: {error}"})
                return self.plain(400, {"error": {"message": f"protocol: {error}"}})
            if answer:
                if ARGS.log:
                    with LOCK, open(ARGS.log, "a") as log:
                        log.write(json.dumps({"scenario": parts[1], "conversation": parts[2], "wire": "beside", "path": path,
                                              "turn": -2, "bytes": len(raw), "arrived": arrived, "try": 1}) + "\n")
                return self.plain(*answer)
        if not wire or not scenario:
            return self.plain(404, {"error": {"message": f"no such wire or scenario: {path}", "type": "not_found"}})
        given = (self.headers.get("Authorization", "").removeprefix("Bearer ") or self.headers.get("x-api-key")
                 or self.headers.get("x-goog-api-key"))
        if given != ARGS.key:
            return self.plain(401, {"error": {"message": "Incorrect API key provided", "type": "authentication_error"}})
        conversation = (parts[1], parts[2], wire.name)
        try:
            body = json.loads(raw)
            plain, too_long = scenario.get("plain"), False
            lenient = scenario.get("lenient")
            if lenient:
                items, tools = wire.plain_items(body), body.get("tools", [])
            else:
                items, tools = ([], []) if plain else (wire.items(body), wire.tools(body))
            with LOCK:
                if plain:
                    turn = 0
                elif lenient:
                    turn = len(wire.turns(items)) if tools else -1
                elif tools:
                    turn = check(wire, conversation, raw, items, scenario)
                    too_long = len(raw) // 4 > scenario.get("context", len(raw))
                    if not too_long:
                        BEFORE[conversation] = raw
                else:
                    turn = -1
        except (Broken, ValueError, KeyError, TypeError, IndexError) as error:
            with LOCK:
                VIOLATIONS.append({"conversation": conversation, "what": f"{type(error).__name__}: {error}"})
            return self.plain(400, {"error": {"message": f"protocol: {error}", "type": "invalid_request_error"}})
        if ARGS.dump:
            with LOCK:
                number = TRIES["dump"] = TRIES.get("dump", 0) + 1
            with open(os.path.join(ARGS.dump, f"{number:04d}-{parts[1]}-{wire.name}-{turn}.json"), "wb") as file:
                file.write(raw)
        if too_long:
            error = {**TOO_LONG[wire.name]}
            error["message"] = error["message"].format(tokens=len(raw) // 4, most=scenario["context"])
            return self.plain(400, {"type": "error", "error": error})
        replies = scenario.get("replies") or [{"say": "done"}]
        reply = replies[min(turn, len(replies) - 1)] if turn >= 0 else scenario.get("aux", {"say": "aux"})
        with LOCK:
            tries = TRIES[conversation + (turn,)] = TRIES.get(conversation + (turn,), 0) + 1
        once = reply.get("once", []) if reply.get("once_of", parts[2]) == parts[2] else []
        once = once if isinstance(once, list) else [once]
        if tries <= len(once):
            reply = once[tries - 1]
        faults = reply.get("faults", []) if reply.get("faults_of", parts[2]) == parts[2] else []
        fault = faults[tries - 1] if tries <= len(faults) else None
        model = body.get("model") or path.split("/")[-1].split(":")[0]
        if ARGS.log:
            with LOCK, open(ARGS.log, "a") as log:
                log.write(json.dumps({"scenario": parts[1], "conversation": parts[2], "wire": wire.name, "turn": turn, "tools": [] if lenient else tools,
                                      "bytes": len(raw), "arrived": arrived, "try": tries}) + "\n")
        self.answer(wire, conversation, turn, reply, fault, body, len(raw), model)

    def answer(self, wire, conversation, turn, reply, fault, body, size, model):
        if fault and "status" in fault:
            return self.plain(fault["status"], fault.get("body", {"error": {"message": "scripted fault"}}), fault.get("headers"))
        if fault and fault.get("close"):
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if reply.get("repeat"):
            reply = {**reply, "say": reply["say"] * reply["repeat"]}
        items = wire.native(reply, max(turn, 0))
        usage = {"input": max(1, size // 4), "cached": 0, "cache_write": 0, "output": 20, **reply.get("usage", {})}
        events = wire.stream(reply, items, usage, reply.get("chunk", 16), model)
        if fault and "cut_after" in fault:
            events = events[:fault["cut_after"]]
        elif fault and "error_in_stream" in fault:
            events = events[:2] + [wire.failure(fault["error_in_stream"])]
        elif not fault and turn >= 0:
            with LOCK:
                SENT.setdefault(conversation, {})[turn] = wire.native(worth_keeping(reply), max(turn, 0))
        while "until_file" in reply and not os.path.exists(reply["until_file"]):
            time.sleep(0.005)
        if not (body.get("stream") or "streamGenerate" in self.path):
            return self.plain(200, wire.whole(reply, items, usage, model))
        raw = fault.get("raw") if fault else None
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            if fault and "silence_ms" in fault:
                self.wfile.flush()
                time.sleep(fault["silence_ms"] / 1000)
            self.events(reply, events, raw)
            if fault and "cut_after" in fault:
                self.wfile.flush()
                self.close_connection = True
                return self.connection.shutdown(socket.SHUT_RDWR)
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True   # the client has seen enough

    def events(self, reply, events, raw):
        texts = [raw] if raw is not None else []
        if raw is None:
            for name, data in events:
                text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
                texts.append((f"event: {name}\n" if name else "") + f"data: {text}\n\n")
        for text in texts:
            data = text.encode("utf-8", "surrogateescape")
            step = reply.get("split") or len(data) or 1
            for at in range(0, len(data), step):
                part = data[at:at + step]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                if reply.get("split") or reply.get("delay_ms"):
                    self.wfile.flush()
            if reply.get("delay_ms"):
                time.sleep(reply["delay_ms"] / 1000)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 128


def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO.json")
    parser.add_argument("--port", type=int, default=0, help="on loopback; 0: any")
    parser.add_argument("--key", default="test-key", help="the only key it takes")
    parser.add_argument("--log", help="a line of JSON for each request")
    parser.add_argument("--dump", help="folder for the bodies of the requests")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started it has ended")
    ARGS = parser.parse_args()
    for file in ARGS.scenarios:
        with open(file, encoding="utf-8") as text:
            SCENARIOS[os.path.splitext(os.path.basename(file))[0]] = json.load(text)
    sys.setswitchinterval(0.001)
    server = Server(("127.0.0.1", ARGS.port), Handler)
    print(server.server_address[1], flush=True)
    if ARGS.with_parent:
        threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
