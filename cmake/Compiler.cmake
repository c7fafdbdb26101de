# Find a C++17 compiler, or fail with advice, and set the options that hold for all levels.

include(CheckLanguage)
include(CheckLinkerFlag)
check_language(CXX)
if(NOT CMAKE_CXX_COMPILER)
  message(FATAL_ERROR
    "fastmlp is built from C++, and no C++ compiler was found. Install one, then try again:\n"
    "  Debian, Ubuntu:  apt install g++\n"
    "  Fedora, RHEL:    dnf install gcc-c++\n"
    "  conda:           conda install cxx-compiler\n"
    "  macOS:           xcode-select --install\n"
    "If you have one in an unusual place, name it in the environment variable CXX.")
endif()
enable_language(CXX)

if(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" OR MSVC)
  message(FATAL_ERROR
    "fastmlp builds with GCC or Clang, but the compiler found is ${CMAKE_CXX_COMPILER_ID} "
    "(${CMAKE_CXX_COMPILER}). Name another one in the environment variable CXX.")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Most of the core spends its time in packs and in products of the kernels. -O3, which the kernels have, would make it
# half as large again and hardly faster.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# errno would keep sqrt out of the vectoriser; vectors never cross a library's border, so their
# calling convention (psabi) is nobody's business.
set(FASTMLP_COMPILE_OPTIONS -fno-math-errno -Wall -Wextra -Wconversion -Wshadow -Wno-psabi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Unique symbols are shared between modules, also between those of different levels.
  # GCC's own AVX-512 headers set off its warning of uninitialized values.
  list(APPEND FASTMLP_COMPILE_OPTIONS -fno-gnu-unique -Wno-maybe-uninitialized -Wno-uninitialized)
endif()

# Functions and data that nothing refers to are left out of the modules.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  list(APPEND FASTMLP_COMPILE_OPTIONS -ffunction-sections -fdata-sections)
  set(FASTMLP_LINK_OPTIONS -Wl,--gc-sections "-Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/exports.map")
  # Functions of the same machine code are kept once, which only these linkers can: a tenth of a module. That is safe
  # because no address of a function is compared.
  foreach(linker IN ITEMS lld gold)
    check_linker_flag(CXX "-fuse-ld=${linker};-Wl,--icf=all" FASTMLP_FOLDS_BY_${linker})
    if(FASTMLP_FOLDS_BY_${linker})
      list(APPEND FASTMLP_LINK_OPTIONS -fuse-ld=${linker} -Wl,--icf=all)
      break()
    endif()
  endforeach()
endif()
