#include "process_tree.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { process_limit = 8192 };

typedef struct {
  pid_t pid;
  pid_t parent;
  double cpu_seconds;
  bool in_tree;
} Process;

static double seconds_of_ticks(double ticks) { return ticks / (double)sysconf(_SC_CLK_TCK); }

// /proc/<pid>/stat; the command in parentheses may hold spaces and parentheses, so fields count from the last one.
static bool read_stat(pid_t pid, Process *process) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;

  char *after_command = strrchr(text, ')');
  if (!after_command) return false;
  int parent;
  unsigned long user, system;
  int fields =
      sscanf(after_command + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &parent, &user, &system);
  if (fields != 3) return false;
  *process = (Process){.pid = pid, .parent = parent, .cpu_seconds = seconds_of_ticks((double)(user + system))};
  return true;
}

static int read_all_processes(Process *processes) {
  DIR *directory = opendir("/proc");
  if (!directory) return 0;
  int count = 0;
  struct dirent *entry;
  while (count < process_limit && (entry = readdir(directory))) {
    if (isdigit((unsigned char)entry->d_name[0]) && read_stat(atoi(entry->d_name), &processes[count])) count++;
  }
  closedir(directory);
  return count;
}

static bool parent_is_in_tree(const Process *processes, int count, pid_t parent) {
  for (int i = 0; i < count; i++) {
    if (processes[i].pid == parent) return processes[i].in_tree;
  }
  return false;
}

static void mark_tree(Process *processes, int count, pid_t root) {
  bool grew = true;
  for (int i = 0; i < count; i++) processes[i].in_tree = processes[i].pid == root;
  while (grew) {
    grew = false;
    for (int i = 0; i < count; i++) {
      if (processes[i].in_tree || !parent_is_in_tree(processes, count, processes[i].parent)) continue;
      processes[i].in_tree = true;
      grew = true;
    }
  }
}

static void add_memory(pid_t pid, ProcessTreeUsage *usage) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  if (!file) return;
  while (fgets(line, sizeof line, file)) {
    long kb;
    if (sscanf(line, "VmRSS: %ld", &kb) == 1) usage->rss_kb += kb;
    if (sscanf(line, "RssAnon: %ld", &kb) == 1) usage->rss_anon_kb += kb;
  }
  fclose(file);
}

ProcessTreeUsage process_tree_usage(pid_t root) {
  static Process processes[process_limit];
  int count = read_all_processes(processes);
  mark_tree(processes, count, root);

  ProcessTreeUsage usage = {0};
  for (int i = 0; i < count; i++) {
    if (!processes[i].in_tree) continue;
    usage.cpu_seconds += processes[i].cpu_seconds;
    usage.processes++;
    add_memory(processes[i].pid, &usage);
  }
  return usage;
}

double machine_busy_seconds(void) {
  FILE *file = fopen("/proc/stat", "r");
  if (!file) return 0;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupt = 0, soft_interrupt = 0;
  int fields = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait, &interrupt,
                      &soft_interrupt);
  fclose(file);
  return fields == 7 ? seconds_of_ticks(user + nice + system + interrupt + soft_interrupt) : 0;
}
