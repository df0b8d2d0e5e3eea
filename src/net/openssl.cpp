#include "net/openssl.h"

#include <dlfcn.h>

#include <string>

#include "base/error.h"

namespace nightjar::net {

namespace {

// As the library whose headers this was built with names itself.
#define NIGHTJAR_TEXT_OF(number) #number
#define NIGHTJAR_TEXT(number) NIGHTJAR_TEXT_OF(number)
constexpr const char* kLibrary = "libssl.so." NIGHTJAR_TEXT(OPENSSL_SHLIB_VERSION);
#undef NIGHTJAR_TEXT
#undef NIGHTJAR_TEXT_OF

void* function(void* library, const char* name) {
  void* const found = ::dlsym(library, name);
  if (!found)
    throw Error(ErrorKind::Unavailable,
                std::string("TLS is not possible: ") + kLibrary + " has no " + name);
  return found;
}

OpenSsl load() {
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw Error(ErrorKind::Unavailable,
                std::string("TLS is not possible, because OpenSSL cannot be loaded (Debian's "
                            "package is libssl3): ") +
                    ::dlerror());
  OpenSsl out;
#define NIGHTJAR_FIND(name) \
  out.name = reinterpret_cast<decltype(&::name)>(function(library, #name));
  NIGHTJAR_OPENSSL_FUNCTIONS(NIGHTJAR_FIND)
#undef NIGHTJAR_FIND
  return out;
}

}  // namespace

const OpenSsl& openssl() {
  static const OpenSsl functions = load();
  return functions;
}

}  // namespace nightjar::net
