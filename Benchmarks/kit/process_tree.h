// What a process and its living descendants use, read from /proc.
#ifndef KIT_PROCESS_TREE_H
#define KIT_PROCESS_TREE_H

#include <sys/types.h>

typedef struct {
  double cpu_seconds;  // user and system
  long rss_kb;         // summed: a page that two processes share counts twice
  long rss_anon_kb;
  int processes;
} ProcessTreeUsage;

ProcessTreeUsage process_tree_usage(pid_t root);

// CPU seconds that all cores together have been busy with anything since the boot.
double machine_busy_seconds(void);

#endif
