// The module that is imported first, in Python's C API: it finds out where the others can run.
#include <Python.h>

#include "level.hpp"

namespace {

PyObject* level(PyObject*, PyObject*) { return PyLong_FromLong(fastmlp::cpu_level()); }

PyMethodDef methods[] = {{"level", level, METH_NOARGS,
                          "level() -> int\n\nThe x86-64 level of this processor, 1 to 4; 0 where "
                          "it is of another kind."},
                         {nullptr, nullptr, 0, nullptr}};

// Classes of pybind11 belong to one interpreter, and the GIL of another one is never released to
// them.
int refuse_subinterpreters(PyObject*) {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return 0;
  PyErr_SetString(PyExc_ImportError,
                  "fastmlp: imported in a subinterpreter, expected the main interpreter; use "
                  "threads or processes");
  return -1;
}

PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void*>(&refuse_subinterpreters)},
#if PY_VERSION_HEX >= 0x030C0000
                            {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
                            {0, nullptr}};

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "_cpu",
                          "What this processor can run.",
                          0,
                          methods,
                          slots,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace

// NOLINTNEXTLINE(bugprone-reserved-identifier): Python looks for it
PyMODINIT_FUNC PyInit__cpu() { return PyModuleDef_Init(&definition); }
