"""A kernel under test: starts it from a kernelspec in a folder of its own, sends requests, collects what comes."""
import os, pathlib, queue, shutil, subprocess, tempfile, time

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

WAIT = 60  # seconds, for a loaded machine


class Kernel:
    def __init__(self, program):
        self.prefix = tempfile.mkdtemp(prefix="ken-kernel-test-")
        subprocess.run([program, "install", "--prefix", self.prefix], check=True, stdout=subprocess.DEVNULL)
        folder = pathlib.Path(self.prefix, "share/jupyter/kernels")
        specs = KernelSpecManager(kernel_dirs=[str(folder)])
        self.manager = KernelManager(kernel_name="ken", kernel_spec_manager=specs)
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=WAIT)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)
        shutil.rmtree(self.prefix)

    def start(self, code, **options):
        return self.client.execute(code, **options)

    def collect(self, msg_id, answers=()):
        """Outputs up to the idle status, then the reply. Answers input requests in order."""
        answers, outputs, prompts = list(answers), [], []
        end = time.monotonic() + WAIT
        while True:
            if time.monotonic() > end:
                raise TimeoutError(f"no idle status; so far {outputs}")
            try:
                message = self.client.get_stdin_msg(timeout=0)
                prompts.append(message["content"]["prompt"])
                self.client.input(answers.pop(0))
            except queue.Empty:
                pass
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    break
                continue
            outputs.append(message)
        reply = self.reply(msg_id)
        return Result(reply, outputs, prompts)

    def reply(self, msg_id):
        while True:
            message = self.client.get_shell_msg(timeout=WAIT)
            if message["parent_header"].get("msg_id") == msg_id:
                return message["content"]

    def run(self, code, answers=(), **options):
        return self.collect(self.start(code, **options), answers)

    def ask(self, what, *args, **options):
        return self.reply(getattr(self.client, what)(*args, **options))


class Result:
    def __init__(self, reply, outputs, prompts):
        self.reply, self.outputs, self.prompts = reply, outputs, prompts

    @property
    def status(self):
        return self.reply["status"]

    def stream(self, name):
        return "".join(m["content"]["text"] for m in self.outputs
                       if m["msg_type"] == "stream" and m["content"]["name"] == name)

    @property
    def stdout(self):
        return self.stream("stdout")

    @property
    def stderr(self):
        return self.stream("stderr")

    @property
    def data(self):
        return [m["content"]["data"] for m in self.outputs if m["msg_type"] in ("display_data", "execute_result")]

    @property
    def records(self):
        return [d["application/vnd.ken.show+json"] for d in self.data]

    @property
    def error(self):
        return next((m["content"] for m in self.outputs if m["msg_type"] == "error"), None)

    @property
    def traceback(self):
        import re
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(self.error["traceback"])) if self.error else ""
