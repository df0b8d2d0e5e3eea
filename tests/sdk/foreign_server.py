#!/usr/bin/env python3
"""A server that is not ours on all four wires: LiteLLM's proxy, which turns each wire into Chat Completions for its own
upstream; behind it stands the scripted model.

    tests/sdk/foreign_server.py --program build/debug/bin/nightjar

Installs litellm[proxy] from PyPI into a temporary folder (or takes --litellm PROGRAM), so it needs python3-venv and the
network, and is no part of the test suite. For each wire: `nightjar models test`, then a ticket with parallel calls, an edit
and a claim. Ends with status 1 where a ticket is not proved."""
import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import native as bench  # noqa: E402

WIRES = ("openai", "chat", "anthropic", "gemini")
PROXY_KEY = "sk-of-the-proxy"


def scenario():
    def call(tool, **arguments):
        return {"tool": tool, "arguments": arguments}
    turns = [[call("read", path="calc.py"), call("shell", command="cat check.sh")],
             [call("edit", path="calc.py", old="return a - b", new="return a + b")],
             [call("check")],
             [call("finish", summary="add() adds", details="It subtracted.")]]
    return {"lenient": True, "aux": {"say": "pong"}, "replies": [{"say": f"Step {n}.", "calls": calls} for n, calls in enumerate(turns)]}


def installed(folder):
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([folder / "venv/bin/pip", "install", "-q", "litellm[proxy]==1.106.2"], check=True)
    return folder / "venv/bin/litellm"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_proxy(program, folder, server):
    port = free_port()
    models = [{"model_name": f"m-{wire}", "litellm_params": {"model": "openai/scripted", "api_key": bench.KEY, "use_chat_completions_api": True,
                                                             "api_base": server.url(wire) + "/v1"}} for wire in WIRES]
    (folder / "litellm.yaml").write_text(json.dumps({"model_list": models, "general_settings": {"master_key": PROXY_KEY}}))
    env = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    proxy = subprocess.Popen([program, "--config", folder / "litellm.yaml", "--host", "127.0.0.1", "--port", str(port)], env=env,
                             stdout=open(folder / "litellm.log", "w"), stderr=subprocess.STDOUT)
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=1).read()
            return proxy, port
        except OSError:
            if proxy.poll() is not None:
                break
            time.sleep(0.2)
    raise SystemExit("the proxy did not start:\n" + (folder / "litellm.log").read_text()[-2000:])


def configure(nightjar, port):
    text = ""
    for wire in WIRES:
        base = f"http://127.0.0.1:{port}" + ("/v1" if wire in ("openai", "chat") else "")
        text += f'[models.{wire}]\nwire = "{wire}"\nmodel = "m-{wire}"\nkey = "{PROXY_KEY}"\nbase_url = "{base}"\n'
    file = nightjar.folder / "c/nightjar/config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="nightjar")
    parser.add_argument("--litellm", help="LiteLLM's program, where it is installed")
    args = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="nightjar-foreign-", dir="/var/tmp") as name:
        folder = Path(name)
        server = bench.Server(folder, {wire: scenario() for wire in WIRES})
        proxy, port = start_proxy(args.litellm or installed(folder), folder, server)
        nightjar = bench.Nightjar(args.program, folder)
        configure(nightjar, port)
        try:
            for wire in WIRES:
                test = nightjar.run("models", "test", wire)
                task, _ = nightjar.assign(wire)
                done = nightjar.wait(task)
                verdict = done["proof"]["verdict"]
                failed = failed or test.returncode != 0 or verdict != "proved"
                print(f"{wire}: models test {(test.stdout + test.stderr).strip()!r}; the ticket is {verdict} after "
                      f"{done['runs'][0].get('turns')} turns; {done.get('reason', '')}", flush=True)
                if verdict != "proved":
                    print(nightjar.run("log", task).stdout, (folder / "litellm.log").read_text()[-3000:])
        finally:
            nightjar.stop()
            proxy.kill()
            proxy.wait()
            server.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
