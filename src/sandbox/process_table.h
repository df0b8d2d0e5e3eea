// The processes of this pid namespace, as /proc shows them.
#pragma once

#include <sys/types.h>

#include <map>

namespace nightjar::sandbox {

struct ProcessEntry {
  pid_t parent = 0;
  bool ended = false;            ///< a zombie: nobody has asked for its status yet
  unsigned long long start = 0;  ///< in clock ticks since the host's start
};

std::map<pid_t, ProcessEntry> process_table();

/// Whether `pid` is `ancestor` or stands below it.
bool stands_below(const std::map<pid_t, ProcessEntry>& table, pid_t pid, pid_t ancestor);

}  // namespace nightjar::sandbox
