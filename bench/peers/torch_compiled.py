"""torch.compile over the whole step: forward, backward and the update in one graph.

The functional form with the C++ wrapper took a third of the time of compiling the usual loop.
"""

from __future__ import annotations

from typing import Any

import torch
from torch._inductor import config as inductor

from bench.peer import Runner, Unsupported
from bench.peers import torch_eager
from bench.workloads import Problem

version = torch_eager.version


def prepare(problem: Problem, threads: int) -> Runner:
    torch.set_num_threads(threads)
    inductor.cpp_wrapper = True
    runner = _Compiled(problem)
    try:
        runner.compile()
    except Exception as error:  # any error of the compiler is the reason to skip this peer
        raise Unsupported(f"torch.compile failed: {str(error).splitlines()[0]}") from error
    return runner


class _Compiled(torch_eager.TorchRunner):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.names = [name for name, _ in self.model.named_parameters()]
        self.w = [w.detach() for w in self.model.parameters()]  # memory of the model
        self.m = [torch.zeros_like(w) for w in self.w]
        self.v = [torch.zeros_like(w) for w in self.w]
        self.t = torch.zeros(1, dtype=torch.float64)  # of 0-d ones the C++ wrapper updates a copy

    def compile(self) -> None:
        """Run one step, then put everything back to where it started."""
        if self.problem.workload.rule is None:
            self.model = torch.compile(self.model, dynamic=True)
            self.outputs()
            return
        self.compiled_step: Any = torch.compile(self._step, fullgraph=True, dynamic=False)
        start = [w.clone() for w in self.w]
        self.step(self.X[self.indices[0]], self.y[self.indices[0]])
        torch._foreach_copy_(self.w, start)
        torch._foreach_zero_([*self.m, *self.v, self.t])

    def step(self, x: Any, y: Any) -> None:
        self.compiled_step(self.w, self.m, self.v, self.t, x, y)

    def _loss(self, w: list[Any], x: Any, y: Any) -> Any:
        parameters = dict(zip(self.names, w, strict=True))
        return self.criterion(torch.func.functional_call(self.model, parameters, (x,)), y)

    def _step(self, w: list[Any], m: list[Any], v: list[Any], t: Any, x: Any, y: Any) -> None:
        rule = self.problem.workload.rule
        assert rule is not None
        t.add_(1)
        for w_i, m_i, v_i, g in zip(w, m, v, torch.func.grad(self._loss)(w, x, y), strict=True):
            if rule.name == "sgd":
                if rule.momentum:
                    g = m_i.mul_(rule.momentum).add_(g)
                w_i.sub_(rule.learning_rate * g)
            elif rule.name == "rmsprop":
                v_i.mul_(0.99).addcmul_(g, g, value=0.01)
                w_i.sub_(rule.learning_rate * g / (v_i.sqrt() + 1e-8))
            else:
                m_i.mul_(0.9).add_(g, alpha=0.1)
                v_i.mul_(0.999).addcmul_(g, g, value=0.001)
                rate = (rule.learning_rate / (1 - 0.9**t)).to(w_i.dtype)
                w_i.sub_(rate * m_i / ((v_i / (1 - 0.999**t).to(w_i.dtype)).sqrt() + 1e-8))
