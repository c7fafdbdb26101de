# Eigen and pybind11 come from the Python environment that builds; OpenMP, if any, from the compiler.

# A cross build without modules asks a Python that is named to it, which need not be one of the target.
if(NOT CMAKE_CROSSCOMPILING OR NOT Python_EXECUTABLE)
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)
endif()

# pip's build environment is on the search path; a plain cmake run uses the interpreter's path.
function(fastmlp_ask_python variable code)
  execute_process(COMMAND "${Python_EXECUTABLE}" -c "${code}" OUTPUT_VARIABLE answer
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${variable} "${answer}" PARENT_SCOPE)
endfunction()

set(eigen_directory cmeel.prefix/share/eigen3/cmake)
find_package(Eigen3 CONFIG QUIET PATH_SUFFIXES ${eigen_directory})
if(NOT Eigen3_FOUND)
  fastmlp_ask_python(prefix "from importlib.metadata import distribution
print(distribution('cmeel-eigen').locate_file('cmeel.prefix'))")
  find_package(Eigen3 CONFIG QUIET HINTS "${prefix}/share/eigen3/cmake")
endif()
if(NOT Eigen3_FOUND)
  message(FATAL_ERROR "fastmlp needs Eigen 3.4 or newer; install it with: "
                      "${Python_EXECUTABLE} -m pip install 'cmeel-eigen>=3.4'")
elseif(Eigen3_VERSION VERSION_LESS 3.4)
  message(FATAL_ERROR "fastmlp needs Eigen 3.4 or newer, but ${Eigen3_DIR} is ${Eigen3_VERSION}")
endif()
message(STATUS "Eigen ${Eigen3_VERSION}: ${Eigen3_DIR}")

if(FASTMLP_MODULES)
  if(NOT Python_Development.Module_FOUND)
    message(FATAL_ERROR "Python's headers are missing for ${Python_EXECUTABLE}; "
                        "install them (Debian, Ubuntu: apt install python3-dev)")
  endif()
  set(PYBIND11_FINDPYTHON ON)
  fastmlp_ask_python(directory "import pybind11; print(pybind11.get_cmake_dir())")
  find_package(pybind11 3.0 CONFIG QUIET HINTS "${directory}")
  if(NOT pybind11_FOUND)
    message(FATAL_ERROR "fastmlp needs pybind11 3 or newer; install it with: "
                        "${Python_EXECUTABLE} -m pip install 'pybind11>=3'")
  endif()
endif()

if(FASTMLP_OPENMP)
  find_package(OpenMP QUIET COMPONENTS CXX)
endif()
if(NOT OpenMP_CXX_FOUND)
  message(STATUS "OpenMP not used: fastmlp will run on one thread")
endif()

if(FASTMLP_NATIVE_TESTS)
  find_package(doctest CONFIG QUIET)
  if(NOT doctest_FOUND)
    message(FATAL_ERROR "The C++ tests need doctest (Debian, Ubuntu: apt install doctest-dev)")
  endif()
endif()
