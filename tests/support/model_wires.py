"""The four wires as the scripted model server speaks them: the items of a conversation, what a reply looks like, how it is
streamed, what a request must hold."""
import json
import re


class Broken(Exception):
    pass


def need(truth, what):
    if not truth:
        raise Broken(what)


def pieces(text, size):
    return [text[i:i + size] for i in range(0, len(text), size)] or [""]


def arguments_of(call):
    given = call.get("arguments", {})
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def ident(turn, n):
    return f"{turn:03d}_{n}"


# --- one wire each: items of the conversation, what a reply looks like, how it is streamed ---------------

class Responses:
    name, end = "openai", b"]}"

    def plain_items(self, body):
        return [item for item in body["input"] if isinstance(item, dict)]

    def items(self, body):
        need(body.get("store") is False, "store must be false")
        need("reasoning.encrypted_content" in body.get("include", []), "encrypted reasoning must be included")
        return body["input"]

    def tools(self, body):
        for tool in body.get("tools", []):
            need(tool["type"] == "function" and tool["name"] and tool["parameters"]["type"] == "object", "tool")
        return [tool["name"] for tool in body.get("tools", [])]

    def turns(self, items):
        """[(reply items, the items that follow)]"""
        turns = []
        for item in items:
            kind = item.get("type", "message")
            own = kind in ("reasoning", "function_call") or (kind == "message" and item["role"] == "assistant")
            if own and (not turns or turns[-1][1]):
                turns.append(([], []))
            if turns:
                turns[-1][0 if own else 1].append(item)
        return turns

    def calls(self, own):
        return [item["call_id"] for item in own if item["type"] == "function_call"]

    def answers(self, after):
        return [item["call_id"] for item in after if item.get("type") == "function_call_output"]

    def native(self, reply, turn):
        out = []
        if reply.get("think"):
            out.append({"id": f"rs_{turn}", "type": "reasoning", "summary": [{"type": "summary_text", "text": reply["think"]}],
                        "encrypted_content": f"opaque {turn}"})
        if reply.get("say"):
            part = ({"type": "refusal", "refusal": reply["say"]} if reply.get("stop") == "refusal"
                    else {"type": "output_text", "text": reply["say"], "annotations": []})
            out.append({"id": f"msg_{turn}", "type": "message", "status": "completed", "role": "assistant", "content": [part]})
        for n, call in enumerate(reply.get("calls", [])):
            out.append({"id": f"fc_{ident(turn, n)}", "type": "function_call", "status": "completed",
                        "call_id": f"call_{ident(turn, n)}", "name": call["tool"], "arguments": arguments_of(call)})
        return out

    def stream(self, reply, items, usage, size, model):
        base = {"id": "resp_1", "object": "response", "model": model}
        events = [{"type": "response.created", "response": {**base, "status": "in_progress", "output": []}},
                  {"type": "response.some_event_of_tomorrow", "x": 1}]
        for n, item in enumerate(items):
            events.append({"type": "response.output_item.added", "output_index": n, "item": {**item, "status": "in_progress"}})
            where = {"item_id": item["id"], "output_index": n}
            if item["type"] == "message":
                part = item["content"][0]
                text = part.get("text") or part.get("refusal")
                events += [{"type": f"response.{part['type']}.delta", **where, "delta": p} for p in pieces(text, size)]
            elif item["type"] == "function_call":
                events += [{"type": "response.function_call_arguments.delta", **where, "delta": p} for p in pieces(item["arguments"], size)]
            else:
                events += [{"type": "response.reasoning_summary_text.delta", **where, "delta": p} for p in pieces(item["summary"][0]["text"], size)]
            events.append({"type": "response.output_item.done", "output_index": n, "item": item})
        status = {"length": "incomplete"}.get(reply.get("stop"), "completed")
        last = {**base, "status": status, "output": items,
                "usage": {"input_tokens": usage["input"], "input_tokens_details": {"cached_tokens": usage["cached"], "cache_write_tokens": usage["cache_write"]},
                          "output_tokens": usage["output"], "output_tokens_details": {"reasoning_tokens": 0},
                          "total_tokens": usage["input"] + usage["output"]}}
        if status == "incomplete":
            last["incomplete_details"] = {"reason": "max_output_tokens"}
        events.append({"type": "response." + status, "response": last})
        return [(e["type"], {**e, "sequence_number": n}) for n, e in enumerate(events)]

    def whole(self, reply, items, usage, model):
        return {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": model, "output": items,
                "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
                "usage": {"input_tokens": usage["input"], "input_tokens_details": {"cached_tokens": usage["cached"], "cache_write_tokens": usage["cache_write"]},
                          "output_tokens": usage["output"], "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": usage["input"] + usage["output"]}}

    def failure(self, error):
        return ("error", {"type": "error", **error})


class Chat:
    name, end = "chat", b"]}"

    def plain_items(self, body):
        return body["messages"]

    def items(self, body):
        need(body.get("stream_options", {}).get("include_usage"), "usage must be asked for")
        return [m for m in body["messages"] if m["role"] != "system"]

    def tools(self, body):
        return [tool["function"]["name"] for tool in body.get("tools", []) if tool["function"]["parameters"]["type"] == "object"]

    def turns(self, items):
        turns = []
        for item in items:
            if item["role"] == "assistant":
                turns.append(([item], []))
            elif turns:
                turns[-1][1].append(item)
        return turns

    def calls(self, own):
        for item in own:
            for call in item.get("tool_calls", []):
                need(isinstance(json.loads(call["function"]["arguments"]), dict), "arguments of a call must be an object")
        return [call["id"] for item in own for call in item.get("tool_calls", [])]

    def answers(self, after):
        need(all(isinstance(item["content"], str) for item in after if item["role"] == "tool"), "a tool's answer is text")
        return [item["tool_call_id"] for item in after if item["role"] == "tool"]

    def native(self, reply, turn):
        out = {"role": "assistant", "content": reply.get("say")}
        calls = []
        for n, call in enumerate(reply.get("calls", [])):
            text = arguments_of(call)
            try:
                text = text if isinstance(json.loads(text), dict) else "{}"
            except ValueError:
                text = "{}"   # malformed arguments are not sent back
            calls.append({"id": f"call_{ident(turn, n)}", "type": "function", "function": {"name": call["tool"], "arguments": text}})
        if calls:
            out["tool_calls"] = calls
            if reply.get("think"):
                out["reasoning_content"] = reply["think"]
        return [out]

    def stream(self, reply, items, usage, size, model):
        base = {"id": "c1", "object": "chat.completion.chunk", "model": model}

        def delta(d, finish=None):
            return ("", {**base, "choices": [{"index": 0, "delta": d, "finish_reason": finish}]})
        events = [delta({"role": "assistant", "content": ""})]
        events += [delta({"reasoning_content": p}) for p in pieces(reply["think"], size)] if reply.get("think") else []
        events += [delta({"content": p}) for p in pieces(reply["say"], size)] if reply.get("say") else []
        for n, call in enumerate(reply.get("calls", [])):
            events.append(delta({"tool_calls": [{"index": n, "id": items[0]["tool_calls"][n]["id"], "type": "function",
                                                 "function": {"name": call["tool"], "arguments": ""}}]}))
            events += [delta({"tool_calls": [{"index": n, "function": {"arguments": p}}]}) for p in pieces(arguments_of(call), size)]
        events.append(delta({}, {"length": "length", "refusal": "content_filter"}.get(
            reply.get("stop"), "tool_calls" if reply.get("calls") else "stop")))
        events.append(("", {**base, "choices": [], "usage": {
            "prompt_tokens": usage["input"], "completion_tokens": usage["output"],
            "total_tokens": usage["input"] + usage["output"],
            "prompt_tokens_details": {"cached_tokens": usage["cached"], "cache_write_tokens": usage["cache_write"]}}}))
        return events + [("", "[DONE]")]

    def whole(self, reply, items, usage, model):
        return {"id": "c1", "object": "chat.completion", "created": 1, "model": model,
                "choices": [{"index": 0, "message": items[0], "finish_reason": "stop"}],
                "usage": {"prompt_tokens": usage["input"], "completion_tokens": usage["output"], "total_tokens": usage["input"] + usage["output"],
                          "prompt_tokens_details": {"cached_tokens": usage["cached"], "cache_write_tokens": usage["cache_write"]}}}

    def failure(self, error):
        return ("", {"error": error})


class Anthropic:
    name, end = "anthropic", b"]}"

    def plain_items(self, body):
        return body["messages"]

    def items(self, body):
        need(body.get("max_tokens", 0) > 0, "max_tokens is required")
        return body["messages"]

    def tools(self, body):
        return [tool["name"] for tool in body.get("tools", []) if tool["input_schema"]["type"] == "object"]

    def turns(self, items):
        need(not items or items[0]["role"] == "user", "the first message is the user's")
        turns = []
        for item in items:
            need(item["content"], "an empty message")
            for block in item["content"]:
                need(block["type"] != "text" or block["text"].strip(), "a text block of white space")
                for part in block.get("content", []) if block["type"] == "tool_result" else []:
                    need(part["type"] != "text" or part["text"].strip(), "a result of white space")
            if item["role"] == "assistant":
                turns.append((item["content"], []))
            elif turns:
                turns[-1][1].append(item)
        return turns

    def calls(self, own):
        return [block["id"] for block in own if block["type"] == "tool_use"]

    def answers(self, after):
        if not after:
            return []
        kinds = [block["type"] for block in after[0]["content"]]
        first_other = next((n for n, kind in enumerate(kinds) if kind != "tool_result"), len(kinds))
        need("tool_result" not in kinds[first_other:], "tool results come first in their message")
        need(not any(block["type"] == "tool_result" for item in after[1:] for block in item["content"]),
             "all results stand in one message")
        return [block["tool_use_id"] for block in after[0]["content"] if block["type"] == "tool_result"]

    def native(self, reply, turn):
        out = []
        if reply.get("think"):
            out.append({"type": "thinking", "thinking": reply["think"], "signature": f"signed {turn}"})
        if reply.get("say"):
            out.append({"type": "text", "text": reply["say"]})
        for n, call in enumerate(reply.get("calls", [])):
            try:
                given = json.loads(arguments_of(call))
            except ValueError:
                given = None
            out.append({"type": "tool_use", "id": f"toolu_{ident(turn, n)}", "name": call["tool"],
                        "input": given if isinstance(given, dict) else {}})
        return out

    def stream(self, reply, items, usage, size, model):
        events = [{"type": "message_start", "message": {
            "id": "m1", "type": "message", "role": "assistant", "model": model, "content": [], "usage": {
                "input_tokens": usage["input"] - usage["cached"] - usage["cache_write"], "cache_read_input_tokens": usage["cached"],
                "cache_creation_input_tokens": usage["cache_write"], "output_tokens": 1}}}, {"type": "ping"}]
        given = iter(reply.get("calls", []))
        for n, block in enumerate(items):
            kind, field, text = {"thinking": ("thinking_delta", "thinking", block.get("thinking")),
                                 "text": ("text_delta", "text", block.get("text")),
                                 "tool_use": ("input_json_delta", "partial_json", None)}[block["type"]]
            if block["type"] == "tool_use":
                text, start = arguments_of(next(given)), {**block, "input": {}}
            else:
                start = {k: ("" if k == field else v) for k, v in block.items() if k != "signature"}
            events.append({"type": "content_block_start", "index": n, "content_block": start})
            events += [{"type": "content_block_delta", "index": n, "delta": {"type": kind, field: p}} for p in pieces(text, size)]
            if "signature" in block:
                events.append({"type": "content_block_delta", "index": n, "delta": {"type": "signature_delta", "signature": block["signature"]}})
            events.append({"type": "content_block_stop", "index": n})
        why = {"length": "max_tokens", "refusal": "refusal"}.get(reply.get("stop"), "tool_use" if reply.get("calls") else "end_turn")
        events += [{"type": "message_delta", "delta": {"stop_reason": why}, "usage": {"output_tokens": usage["output"]}},
                   {"type": "message_stop"}]
        return [(e["type"], e) for e in events]

    def whole(self, reply, items, usage, model):
        return {"id": "m1", "type": "message", "role": "assistant", "model": model, "content": items, "stop_reason": "end_turn",
                "stop_sequence": None, "usage": {"input_tokens": usage["input"] - usage["cached"] - usage["cache_write"], "output_tokens": usage["output"],
                                                 "cache_read_input_tokens": usage["cached"], "cache_creation_input_tokens": usage["cache_write"]}}

    def failure(self, error):
        return ("error", {"type": "error", "error": error})


class Gemini:
    name, end = "gemini", b"]}"

    def plain_items(self, body):
        return body["contents"]

    def items(self, body):
        return body["contents"]

    def tools(self, body):
        return [f["name"] for tool in body.get("tools", []) for f in tool["functionDeclarations"]]

    def turns(self, items):
        turns = []
        for item in items:
            need(item["parts"], "an empty message")
            if item["role"] == "model":
                made = [part for part in item["parts"] if "functionCall" in part]
                need(not made or made[0].get("thoughtSignature"), "the first call of a step is not signed")
                turns.append((item["parts"], []))
            elif turns:
                turns[-1][1].append(item)
        return turns

    def calls(self, own):
        return [part["functionCall"].get("id", part["functionCall"]["name"]) for part in own if "functionCall" in part]

    def answers(self, after):
        parts = after[0]["parts"] if after else []
        return [part["functionResponse"].get("id", part["functionResponse"]["name"]) for part in parts if "functionResponse" in part]

    def native(self, reply, turn):
        out = []
        if reply.get("think"):
            out.append({"text": reply["think"], "thought": True})
        if reply.get("say"):
            out.append({"text": reply["say"]})
        for n, call in enumerate(reply.get("calls", [])):
            given = json.loads(arguments_of(call))
            out.append({"functionCall": {"id": f"fc_{ident(turn, n)}", "name": call["tool"], "args": given},
                        "thoughtSignature": f"c2ln{turn}"})
        return out

    def stream(self, reply, items, usage, size, model):
        last = {"modelVersion": model, "usageMetadata": {"promptTokenCount": usage["input"], "cachedContentTokenCount": usage["cached"],
                                                         "candidatesTokenCount": usage["output"]}}
        events = []
        for item in items:
            split = [{**item, "text": p} for p in pieces(item["text"], size)] if "text" in item else [item]
            events += [{"candidates": [{"index": 0, "content": {"role": "model", "parts": [p]}}], "modelVersion": model} for p in split]
        why = {"length": "MAX_TOKENS", "refusal": "SAFETY"}.get(reply.get("stop"), "STOP")
        events.append({"candidates": [{"index": 0, "finishReason": why, "content": {"role": "model", "parts": []}}], **last})
        return [("", e) for e in events]

    def whole(self, reply, items, usage, model):
        return {"candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": items}}], "modelVersion": model,
                "usageMetadata": {"promptTokenCount": usage["input"], "cachedContentTokenCount": usage["cached"],
                                  "candidatesTokenCount": usage["output"]}}

    def failure(self, error):
        return ("", {"error": error})


WIRES = [(re.compile(r"/responses$"), Responses()), (re.compile(r"/chat/completions$"), Chat()),
         (re.compile(r"/v1/messages$"), Anthropic()), (re.compile(r":(streamG|g)enerateContent$"), Gemini())]


TOO_LONG = {"openai": {"message": "Your input exceeds the context window of this model.", "code": "context_length_exceeded"},
            "chat": {"message": "This model's maximum context length is {most} tokens.", "code": "context_length_exceeded"},
            "anthropic": {"message": "prompt is too long: {tokens} tokens > {most} maximum", "type": "invalid_request_error"},
            "gemini": {"code": 400, "status": "INVALID_ARGUMENT",
                       "message": "The input token count ({tokens}) exceeds the maximum number of tokens allowed ({most})."}}
