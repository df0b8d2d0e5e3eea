#!/usr/bin/env python3
"""The vendors' own SDKs, from npm and PyPI, inside a run's sandbox against the gateway; the model is the scripted one.

    tests/sdk/gateway_sdks.py --program build/debug/bin/nightjar

Installs openai, @anthropic-ai/sdk, @google/genai (npm) and openai, anthropic, google-genai (PyPI) into a temporary folder, so it
needs npm, python3-venv and the network, and is no part of `make test`; .ci/run calls it. Ends with status 1 where an SDK did not get its answer,
plain or streamed, or where the real key was seen inside."""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import native as bench  # noqa: E402

NPM = ["openai@6.49.0", "@anthropic-ai/sdk@1.12.0", "@google/genai@2.32.0"]  # newer ones may want a newer node
PYPI = ["openai==3.54.0", "anthropic==2.12.0", "google-genai==3.4.0"]
SAID = "hello from the model \u00e9"
JS = {
    "openai": '''import OpenAI from "openai"; const c=new OpenAI();
const r=await c.responses.create({model:"x",input:"hi"}); console.log("RESP", r.output_text, r.usage.input_tokens>0);
const s=await c.responses.create({model:"x",input:"hi",stream:true}); let t=""; for await (const e of s) if(e.type==="response.output_text.delta") t+=e.delta; console.log("STREAM", t);
console.log("COUNT", (await c.responses.inputTokens?.count?.({model:"x",input:"hi"}))?.input_tokens>0);
for await (const m of await c.models.list()) console.log("MODEL", m.id);''',
    "chat": '''import OpenAI from "openai"; const c=new OpenAI();
const r=await c.chat.completions.create({model:"x",messages:[{role:"user",content:"hi"}]}); console.log("RESP", r.choices[0].message.content, r.usage.prompt_tokens>0);
const s=await c.chat.completions.create({model:"x",messages:[{role:"user",content:"hi"}],stream:true}); let t=""; for await (const e of s) t+=e.choices[0]?.delta?.content??""; console.log("STREAM", t);
try { await c.embeddings.create({model:"x",input:"a"}); } catch(e) { console.log("ERR", e.constructor.name, e.status); }''',
    "anthropic": '''import Anthropic from "@anthropic-ai/sdk"; const c=new Anthropic();
const r=await c.messages.create({model:"x",max_tokens:50,messages:[{role:"user",content:"hi"}]}); console.log("RESP", r.content[0].text, r.usage.input_tokens>0);
const s=c.messages.stream({model:"x",max_tokens:50,messages:[{role:"user",content:"hi"}]}); console.log("STREAM", await s.finalText());
console.log("COUNT",(await c.messages.countTokens({model:"x",messages:[{role:"user",content:"hi"}]})).input_tokens>0);
try { await c.messages.batches.list(); } catch(e) { console.log("ERR", e.constructor.name, e.status); }''',
    "gemini": '''import {GoogleGenAI} from "@google/genai"; const c=new GoogleGenAI({apiKey:process.env.GEMINI_API_KEY,httpOptions:{baseUrl:process.env.GEMINI_BASE_URL}});
const r=await c.models.generateContent({model:"x",contents:"hi"}); console.log("RESP", r.text, r.usageMetadata.promptTokenCount>0);
let t=""; for await (const e of await c.models.generateContentStream({model:"x",contents:"hi"})) t+=e.text??""; console.log("STREAM", t);
console.log("COUNT",(await c.models.countTokens({model:"x",contents:"hi"})).totalTokens>0);''',
}
PY = {
    "openai": '''from openai import OpenAI
c=OpenAI(); print("PY", c.responses.create(model="x",input="hi").output_text)
print("PYSTREAM","".join(e.delta for e in c.responses.create(model="x",input="hi",stream=True) if e.type=="response.output_text.delta"))''',
    "chat": '''from openai import OpenAI
c=OpenAI(); print("PY", c.chat.completions.create(model="x",messages=[{"role":"user","content":"hi"}]).choices[0].message.content)
print("PYSTREAM","".join((e.choices[0].delta.content or "") for e in c.chat.completions.create(model="x",messages=[{"role":"user","content":"hi"}],stream=True) if e.choices))''',
    "anthropic": '''import anthropic
c=anthropic.Anthropic(); print("PY", c.messages.create(model="x",max_tokens=50,messages=[{"role":"user","content":"hi"}]).content[0].text)
with c.messages.stream(model="x",max_tokens=50,messages=[{"role":"user","content":"hi"}]) as s: print("PYSTREAM","".join(s.text_stream))''',
    "gemini": '''import os
from google import genai
c=genai.Client(api_key=os.environ["GEMINI_API_KEY"],http_options={"base_url":os.environ["GEMINI_BASE_URL"]}); print("PY", c.models.generate_content(model="x",contents="hi").text)
print("PYSTREAM","".join(e.text or "" for e in c.models.generate_content_stream(model="x",contents="hi")))''',
}


def install(folder):
    npm = ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, *NPM]
    subprocess.run(npm, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
    subprocess.run([folder / ".venv/bin/pip", "install", "-q", *PYPI], check=True)


def scenario(wire):
    run = f"node sdk_{wire}.mjs 2>&1; .venv/bin/python sdk_{wire}.py 2>&1 | tail -n 5; env | grep -c {bench.KEY}"
    replies = [run, "sed -i 's/return a - b/return a + b/' calc.py"]
    calls = [{"calls": [{"tool": "shell", "arguments": {"command": command, "timeout_s": 100}}]} for command in replies]
    return {"lenient": True, "aux": {"say": SAID}, "replies": [*calls, {"calls": [{"tool": "finish", "arguments": {"summary": "x"}}]}]}


def prepare(nightjar, server):
    (nightjar.repo / ".gitignore").write_text("node_modules\n.venv\n")
    (nightjar.repo / "nightjar.toml").write_text(
        '[environment]\nshare = ["node_modules", ".venv"]\n[[check]]\nname = "tests"\nrun = "sh check.sh"\n')
    config = "gateway = true\n"
    for wire in JS:
        (nightjar.repo / f"sdk_{wire}.mjs").write_text(JS[wire])
        (nightjar.repo / f"sdk_{wire}.py").write_text(PY[wire])
        base = server.url(wire) + ("/v1" if wire in ("openai", "chat") else "")
        config += f'[models.{wire}]\nwire = "{wire}"\nmodel = "m"\nkey = "{bench.KEY}"\nbase_url = "{base}"\n'
    git = ["git", "-C", nightjar.repo, "-c", "user.name=sdk", "-c", "user.email=sdk@example.invalid"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "programs that use SDKs"], check=True)
    file = nightjar.folder / "c/nightjar/config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(config)


def printed(nightjar, task):
    for line in (nightjar.state / f"runs/{task}.1/conversation.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "result" and entry["name"] == "shell":
            return entry["output"]
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="nightjar")
    args = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="nightjar-sdk-", dir="/var/tmp") as name:
        folder = Path(name)
        server = bench.Server(folder, {wire: scenario(wire) for wire in JS})
        nightjar = bench.Nightjar(args.program, folder)
        prepare(nightjar, server)
        install(nightjar.repo)
        try:
            for wire in JS:
                task, _ = nightjar.assign(wire)
                nightjar.wait(task)
                output = printed(nightjar, task)
                wanted = [f"RESP {SAID}", f"STREAM {SAID}", f"PY {SAID}", f"PYSTREAM {SAID}", "\n0\n"]
                missing = [each.strip() for each in wanted if each not in output]
                failed = failed or bool(missing)
                print(f"{wire}: " + ("as it should be" if not missing else f"missing {missing} in\n{output}"), flush=True)
        finally:
            nightjar.stop()
            server.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
