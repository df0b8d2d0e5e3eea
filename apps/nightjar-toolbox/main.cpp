// nightjar-toolbox: the tools of an agent, inside its sandbox. Started by a runner, with a socket
// as standard input.
#include <cstdio>

#include "tools/toolbox.h"

int main(int argc, char**) {
  if (argc > 1) {
    std::fputs("nightjar-toolbox is started by nightjar, not by hand\n", stderr);
    return 2;
  }
  return nightjar::tools::toolbox_main();
}
