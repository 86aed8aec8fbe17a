internal import CSpawn

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A tiny process beside ours that kills the groups of our children should we die without a chance to do it (`kill -9`, out of
/// memory).
///
/// The kernel's death signal reaches only what we forked ourselves, and on Linux only. What a wrapper such as `npx` or `uvx` started, it
/// does not reach. The sentinel does: it is a shell that is told every group as it is made and as it ends, and that kills those it
/// knows when the pipe from us breaks. Where there is no `/bin/sh` there is no sentinel, and the death signal must do.
final class ProcessSentinel: Sendable {
  static let shared = ProcessSentinel()

  /// Where groups are announced; -1 if there is no sentinel.
  let descriptor: CInt

  private static let script = """
    trap '' HUP INT QUIT TERM
    groups=' '
    while read -r verb group; do
      case $verb in
        add) groups="$groups$group " ;;
        drop) case $groups in *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;; esac ;;
      esac
    done
    for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
    """

  private init() {
    var reader: CInt = -1
    var writer: CInt = -1
    let null = cspawn_null()
    guard null >= 0, cspawn_pipe(&reader, &writer) == 0 else {
      if null >= 0 { close(null) }
      descriptor = -1
      return
    }
    var failure = cspawn_failure()
    let id = withStrings(["sh", "-c", Self.script, "sluice-sentinel"]) { arguments in
      withStrings([]) { environment in
        "/bin/sh".withCString { path in
          "/".withCString { directory in
            var request = cspawn_request(
              path: path, arguments: arguments, environment: environment, directory: directory,
              input: reader, output: null, error: null, sentinel: -1, survives: 1)
            return cspawn_start(&request, &failure)
          }
        }
      }
    }
    close(reader)
    close(null)
    if id < 0 { close(writer) }
    descriptor = id < 0 ? -1 : writer
  }

  /// Before the leader of the group is reaped: after that, the number may name another.
  func forget(group: pid_t) {
    if descriptor >= 0 { cspawn_announce(descriptor, "drop", group) }
  }
}
