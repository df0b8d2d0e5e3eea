#!/usr/bin/env python3
"""What Nightjar's own agent costs beside its model and its commands, next to a bare loop and to peers.

    bench/native.py --program build/release/bin/nightjar
    bench/native.py --program build/release/bin/nightjar --peer pi=$(command -v pi) --peer codex=$(command -v codex)

The model is played by tests/support/model_server.py, which answers at once; every agent is given the same job: a cheap
command that changes nothing in each turn, then an edit and the end. Peers are installed with
npm install -g @mariozechner/pi-coding-agent @openai/codex. Needs Python 3.11 and git; run it on a machine at rest.

CPU per turn: the CPU clocks of the agent's own processes (not of its commands, nor of the shell that runs them; Nightjar's
service is counted), from one turn at which the model is held back to a later one. Start: from the start of the program that a person calls to the
first request; of Nightjar also from the start of its runner. Memory: PSS of all its processes of a run at turn 40.
"""
import argparse
import glob
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVER = HERE.parent / "tests/support/model_server.py"
KEY = "bench-key"
TURNS, FIRST, LAST = 40, 8, 38   # CPU is measured between these turns: commands alone
LONG = 2000
PROMPT = "Fix the bug in add() of calc.py: it subtracts"

FLOOR = '''
import http.client, json, subprocess, sys, urllib.parse
u = urllib.parse.urlsplit(sys.argv[1])
tool = {"type": "function", "function": {"name": "shell", "description": "Run a command", "parameters": {
    "type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}}}
messages = [{"role": "user", "content": sys.argv[2]}]
c = http.client.HTTPConnection(u.hostname, u.port)
while True:
    c.request("POST", u.path + "/v1/chat/completions", json.dumps({"model": "m", "messages": messages, "tools": [tool]}),
              {"Content-Type": "application/json", "Authorization": "Bearer bench-key"})
    m = json.load(c.getresponse())["choices"][0]["message"]
    messages.append(m)
    if not m.get("tool_calls"):
        break
    for t in m["tool_calls"]:
        r = subprocess.run(["bash", "-c", json.loads(t["function"]["arguments"])["command"]],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        messages.append({"role": "tool", "tool_call_id": t["id"], "content": r.stdout})
'''


def command_of(turn):
    return f"sed -n {turn},{turn + 39}p calc.py"


def scenario(turns, gates, tool="shell", argument="command", finish=True):
    """turn n waits for the file gates[n]."""
    def call(text):
        return {"tool": tool, "arguments": {argument: text}}
    fix = "sed -i 's/return a - b/return a + b/' calc.py"
    replies = [{"calls": [call(command_of(n))]} for n in range(turns - 2)] + [{"calls": [call(fix)]}]
    replies.append({"calls": [{"tool": "finish", "arguments": {"summary": "add() adds"}}]} if finish else {"say": "Done."})
    for turn, gate in gates.items():
        replies[turn]["until_file"] = str(gate)
    return {"lenient": not finish, "replies": replies}


class Server:
    def __init__(self, folder, scenarios):
        self.log = folder / "requests.log"
        files = []
        for name, content in scenarios.items():
            files.append(folder / f"{name}.json")
            files[-1].write_text(json.dumps(content))
        self.process = subprocess.Popen([sys.executable, SERVER, *map(str, files), "--key", KEY, "--log", self.log, "--with-parent"],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def url(self, name, conversation="c"):
        return f"http://127.0.0.1:{self.port}/{name}/{conversation}"

    def requests(self, name):
        if not self.log.exists():
            return []
        lines = self.log.read_text().split("\n")[:-1]  # the last may be half written
        return [r for r in map(json.loads, lines) if r["scenario"] == name]

    def wait_for(self, name, turn, count=1, alive=None):
        """The time at which the `count`th request of that turn came."""
        while True:
            found = [r for r in self.requests(name) if r["turn"] == turn]
            if len(found) >= count:
                return found[count - 1]["arrived"]
            if alive and alive.poll() is not None:
                raise SystemExit(f"{name}: ended with {alive.returncode} before turn {turn}")
            time.sleep(0.005)

    def stop(self):
        self.process.kill()
        self.process.wait()


def cpu(pid):
    """Seconds that a process has computed, threads that ended included; 0 when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def pss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as text:
            return next(int(line.split()[1]) for line in text if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def tree(pid):
    """A process and what it started, {pid: name}."""
    children, names = {}, {}
    for entry in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = Path(entry).read_text()
        except OSError:
            continue
        number = int(text[:text.index(" ")])
        names[number] = text[text.index("(") + 1:text.rindex(")")]
        children.setdefault(int(text[text.rindex(")") + 2:].split()[1]), []).append(number)
    found, todo = {}, [pid]
    while todo:
        each = todo.pop()
        found[each] = names.get(each, "")
        todo += children.get(each, [])
    return found


def parent(pid):
    text = Path(f"/proc/{pid}/stat").read_text()
    return int(text[text.rindex(")") + 2:].split()[1])


SHELLS = {"bash", "sh", "dash", "sed"}


def own(pids):
    return [pid for pid, name in pids.items() if name not in SHELLS]


def repository(folder):
    folder.mkdir()
    lines = "\n".join(f"# line {n} of a file that is read in pieces" for n in range(60))
    (folder / "calc.py").write_text(f"def add(a, b):\n    return a - b\n\n\ndef one():\n    return 1\n\n{lines}\n")
    (folder / "check.sh").write_text("echo 1..2; echo ok 1 - one\n"
                                     "grep -q 'a + b' calc.py && echo ok 2 - add || { echo not ok 2 - add; exit 1; }\n")
    (folder / "nightjar.toml").write_text('[[check]]\nname = "tests"\nrun = "sh check.sh"\n')
    git = ["git", "-C", folder, "-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "base"], check=True)


class Nightjar:
    def __init__(self, program, folder):
        self.program, self.folder = str(Path(program).resolve()), folder
        self.state = folder / "s/nightjar"
        self.env = {**os.environ, "XDG_STATE_HOME": str(folder / "s"), "XDG_CONFIG_HOME": str(folder / "c"),
                    "XDG_CACHE_HOME": str(folder / "k"), "XDG_RUNTIME_DIR": str(folder / "r")}
        for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
            self.env.pop(variable, None)
        for part in "sckr":
            (folder / part).mkdir(mode=0o700)
        self.repo = folder / "repo"
        repository(self.repo)

    def configure(self, server, names):
        config = self.folder / "c/nightjar/config.toml"
        config.parent.mkdir(exist_ok=True)
        text = "runs = 16\n"
        for name in names:
            text += (f'[models.{name}]\nwire = "chat"\nmodel = "m"\nkey = "{KEY}"\ncontext = 4000000\n'
                     f'base_url = "{server.url(name.split("_")[0], name)}/v1"\n')
        config.write_text(text)

    def run(self, *args, **more):
        return subprocess.run([self.program, *args], env=self.env, cwd=self.repo, capture_output=True, text=True, **more)

    def assign(self, model):
        """Its id, and the time before the program was started."""
        begun = time.monotonic()
        done = self.run("assign", PROMPT, "--agent", "native", "--model", model, "--json")
        if done.returncode:
            raise SystemExit(f"assign: {done.stderr}")
        return json.loads(done.stdout)["id"], begun

    def task(self, task):
        return json.loads(self.run("show", task, "--json").stdout)

    def wait(self, task):
        self.run("watch", task)
        return self.task(task)

    def runner(self, task):
        for line in (self.state / f"runs/{task}.1/journal.jsonl").read_text().splitlines():
            event = json.loads(line)
            if event["kind"] == "run_started":
                return event["body"]["pid"]
        raise SystemExit("the run has no runner")

    def harness(self, task):
        """The processes of a run that are ours, who made it, and the service that reads its journal."""
        runner = self.runner(task)
        return [*own(tree(runner)), parent(runner), parent(parent(runner))]

    def stop(self):
        self.run("stop", "--runs")


def processes_of(nightjar, task):
    return tree(nightjar.runner(task))


def measure_nightjar(program, rounds):
    out = {}
    with tempfile.TemporaryDirectory(prefix="nightjar-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        gates = {n: folder / f"gate{n}" for n in (FIRST, LAST)}
        many = {n: folder / f"long{n}" for n in (100, 1000, LONG - 3)}
        plain = {f"run{n}": scenario(TURNS, {}) for n in range(rounds)}
        server = Server(folder, {"warm": scenario(4, {}), "held": scenario(TURNS, gates), "short": scenario(6, {}),
                                 "long": scenario(LONG, many), **plain})
        nightjar = Nightjar(program, folder)
        try:
            eight = [f"short_{n}" for n in range(8)]
            nightjar.configure(server, ["warm", "held", "long", *plain, *eight])
            warm, _ = nightjar.assign("warm")
            if nightjar.wait(warm)["proof"]["verdict"] != "proved":
                raise SystemExit(nightjar.run("log", warm).stdout)

            starts, runner_starts = [], []
            for each in plain:
                task, begun = nightjar.assign(each)
                first = server.wait_for(each, 0)
                starts.append(first - begun)
                runner_starts.append(first - started(nightjar.runner(task)))
                nightjar.wait(task)
            out["start_ms"] = 1000 * statistics.median(starts)
            out["runner_start_ms"] = 1000 * statistics.median(runner_starts)

            task, _ = nightjar.assign("held")
            server.wait_for("held", FIRST)
            time.sleep(0.2)
            before = sum(map(cpu, nightjar.harness(task)))
            gates[FIRST].touch()
            server.wait_for("held", LAST)
            time.sleep(0.2)
            out["cpu_ms"] = 1000 * (sum(map(cpu, nightjar.harness(task))) - before) / (LAST - FIRST)
            out["pss_mb"] = sum(map(pss, processes_of(nightjar, task))) / 1024
            out["fork_server_mb"] = pss(parent(nightjar.runner(task))) / 1024
            gates[LAST].touch()
            if nightjar.wait(task)["proof"]["verdict"] != "proved":
                raise SystemExit(nightjar.run("log", task).stdout)

            begun = time.monotonic()
            calls = [subprocess.Popen([nightjar.program, "assign", PROMPT, "--agent", "native", "--model", each, "--json"],
                                      env=nightjar.env, cwd=nightjar.repo, stdout=subprocess.PIPE, text=True) for each in eight]
            tasks = [json.loads(call.communicate()[0])["id"] for call in calls]
            server.wait_for("short", 5, count=8)
            out["eight_s"] = max(r["arrived"] for r in server.requests("short") if r["turn"] == 5) - begun
            for each in tasks:
                nightjar.wait(each)
            out["eight_proved_s"] = time.monotonic() - begun

            task, _ = nightjar.assign("long")
            out["long"] = []
            spent = None
            for turn, gate in many.items():
                server.wait_for("long", turn)
                time.sleep(0.2)
                run = nightjar.state / f"runs/{task}.1"
                now = (turn, sum(map(cpu, nightjar.harness(task))))
                out["long"].append({
                    "turn": turn, "pss_mb": sum(map(pss, processes_of(nightjar, task))) / 1024,
                    "request_kb": server.requests("long")[-1]["bytes"] / 1024,
                    "cpu_ms": 1000 * (now[1] - spent[1]) / (now[0] - spent[0]) if spent else None,
                    "journal_kb": (run / "journal.jsonl").stat().st_size / 1024,
                    "conversation_kb": (run / "conversation.jsonl").stat().st_size / 1024})
                spent = now
                gate.touch()
            nightjar.wait(task)
        finally:
            nightjar.stop()
            server.stop()
    return out


def started(pid):
    """When a process was started, on the monotonic clock (in hundredths of a second)."""
    text = Path(f"/proc/{pid}/stat").read_text()
    ticks = int(text[text.rindex(")") + 2:].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK")


def floor_call(server, name, folder):
    script = folder / "floor.py"
    script.write_text(FLOOR)
    return [sys.executable, str(script), server.url(name), PROMPT], {}


def pi_call(program):
    def call(server, name, folder):
        models = folder / "home/.pi/agent/models.json"
        models.parent.mkdir(parents=True, exist_ok=True)
        models.write_text(json.dumps({"providers": {"bench": {
            "baseUrl": server.url(name) + "/v1", "api": "openai-completions", "apiKey": KEY, "models": [
                {"id": "m", "name": "m", "reasoning": False, "input": ["text"], "contextWindow": 200000, "maxTokens": 8192,
                 "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}}]}}}))
        return [program, "-p", "--mode", "json", "--offline", "--provider", "bench", "--model", "m", PROMPT], {}
    return call


def codex_call(program):
    def call(server, name, folder):
        config = folder / "home/.codex/config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(f'model_provider = "bench"\n[model_providers.bench]\nname = "bench"\nbase_url = "{server.url(name)}/v1"\n'
                          'wire_api = "responses"\nenv_key = "BENCH_KEY"\n[analytics]\nenabled = false\n[features]\nplugins = false\n')
        return [program, "exec", "--json", "--dangerously-bypass-approvals-and-sandbox", "-m", "m", PROMPT], {"BENCH_KEY": KEY}
    return call


TOOLS = {"floor": ("shell", "command"), "pi": ("bash", "command"), "codex": ("exec_command", "cmd")}


def measure_peer(name, call_of, rounds):
    """One process that works in a folder, without sandbox, proof or pull request."""
    out = {}
    tool, argument = TOOLS[name]
    with tempfile.TemporaryDirectory(prefix="nightjar-bench-", dir="/var/tmp") as at:
        folder = Path(at)
        gates = {n: folder / f"gate{n}" for n in (FIRST, LAST)}
        plain = {f"run{n}": scenario(4, {}, tool, argument, False) for n in range(rounds)}
        eight = {f"short{n}": scenario(6, {}, tool, argument, False) for n in range(8)}
        server = Server(folder, {"held": scenario(TURNS, gates, tool, argument, False), **plain, **eight})
        count = 0

        def start(scene):
            nonlocal count
            count += 1
            place = folder / f"w{count}"
            place.mkdir()
            repository(place / "repo")
            argv, more = call_of(server, scene, place)
            env = {**os.environ, "HOME": str(place / "home"), **more}
            (place / "home").mkdir(exist_ok=True)
            begun = time.monotonic()
            return subprocess.Popen(argv, env=env, cwd=place / "repo", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=open(place / "err", "wb"), start_new_session=True), begun, place
        try:
            starts = []
            for each in plain:
                process, begun, _ = start(each)
                starts.append(server.wait_for(each, 0, alive=process) - begun)
                process.wait()
            out["start_ms"] = 1000 * statistics.median(starts)
            process, _, place = start("held")
            server.wait_for("held", FIRST, alive=process)
            time.sleep(0.5)
            before = sum(map(cpu, own(tree(process.pid))))
            gates[FIRST].touch()
            server.wait_for("held", LAST, alive=process)
            time.sleep(0.5)
            found = tree(process.pid)
            out["cpu_ms"] = 1000 * (sum(map(cpu, own(found))) - before) / (LAST - FIRST)
            out["pss_mb"] = sum(map(pss, found)) / 1024
            gates[LAST].touch()
            process.wait()
            if "a + b" not in (place / "repo/calc.py").read_text():
                raise SystemExit(f"{name} did not do the job: {(place / 'err').read_text()[:500]}")
            begun = time.monotonic()
            running = [start(each)[0] for each in eight]
            for process in running:
                process.wait()
            out["eight_s"] = time.monotonic() - begun
        finally:
            server.stop()
    return out


def show(name, result):
    print(f"{name}: {result['cpu_ms']:.2f} ms CPU a turn; {result['start_ms']:.0f} ms to the first request"
          + (f" ({result['runner_start_ms']:.0f} ms from its runner's start)" if "runner_start_ms" in result else "")
          + f"; {result['pss_mb']:.1f} MB at turn {LAST}"
          + (f" (and {result['fork_server_mb']:.1f} MB once, who makes the runners)" if "fork_server_mb" in result else "")
          + f"; eight at once {result['eight_s']:.2f} s"
          + (f" to the last claim, {result['eight_proved_s']:.2f} s to the last proof" if "eight_proved_s" in result else ""),
          flush=True)


def table(results):
    names = list(results)
    rows = [("CPU of the harness per turn", lambda r: f"{r['cpu_ms']:.2f} ms"),
            ("start to the first request", lambda r: f"{r['start_ms']:.0f} ms"),
            (f"memory at turn {LAST} (PSS)", lambda r: f"{r['pss_mb']:.1f} MB"),
            ("eight at once, six turns each", lambda r: f"{r['eight_s']:.2f} s")]
    print("\n| what | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    for what, text in rows:
        print(f"| {what} | " + " | ".join(text(results[name]) for name in names) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="nightjar, built for release")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PROGRAM", help="pi or codex, and where it is")
    parser.add_argument("--rounds", type=int, default=7, help="starts that are measured (the median counts)")
    parser.add_argument("--json", metavar="FILE", help="the numbers as a file")
    args = parser.parse_args()
    results = {"nightjar": measure_nightjar(args.program, args.rounds)}
    show("nightjar", results["nightjar"])
    for each in results["nightjar"]["long"]:
        grown = f", {each['cpu_ms']:.2f} ms CPU a turn since the line before" if each["cpu_ms"] else ""
        print(f"  turn {each['turn']}: {each['pss_mb']:.1f} MB, request {each['request_kb']:.0f} KB, conversation "
              f"{each['conversation_kb']:.0f} KB, journal {each['journal_kb']:.0f} KB{grown}", flush=True)
    peers = {"floor": floor_call}
    for given in args.peer:
        name, _, program = given.partition("=")
        if name not in ("pi", "codex") or not shutil.which(program):
            parser.error(f"--peer {given}: give pi=PROGRAM or codex=PROGRAM")
        peers[name] = {"pi": pi_call, "codex": codex_call}[name](str(Path(shutil.which(program)).absolute()))
    for name, call in peers.items():
        results[name] = measure_peer(name, call, args.rounds)
        show(name, results[name])
    table(results)
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
