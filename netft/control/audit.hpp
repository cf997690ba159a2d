// The audit: who changed something, or tried what is not his, and what came of it.
//
// Each record goes to the log, module "audit" (under systemd that is the journal):
//
//   audit: stop done seq=3 uid=0 user=root gid=0 pid=4711 command=netft-route
//   audit: reload refused why="only root may ask for this" seq=4 uid=1000 user=joe …
//
// and, where a file was asked for, to that file: one JSON object a line, appended, mode 0640. `seq`
// rises by one with every record since the start, so a missing one shows.
//
// The file can fail, netft cannot: what cannot be written is counted, said in the log, and the next
// record that can be written says how many are missing ("lost"). A file that cannot be opened again
// leaves the old one in use.
// Threads: control only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "netft/base/result.hpp"
#include "netft/base/time.hpp"
#include "netft/control/caller.hpp"
#include "netft/control/fd.hpp"
#include "netft/control/log.hpp"

namespace netft::control {

struct AuditRecord {
    Caller who;
    std::string what;     // the request, or the signal
    std::string refusal;  // why not; empty: done
};

struct AuditCounters {
    std::uint64_t records = 0;
    std::uint64_t not_written = 0;  // to the file
};

class Audit {
 public:
    // Without a file (empty path) only the log is written. `now`: for people, RFC 3339.
    static Result<Audit> open(const std::string& path, Log& log,
                              std::function<WallTime()> now = {});

    void record(const AuditRecord& record);
    // After the file was moved away: opens (makes) it again.
    void reopen();
    // To whom the file shall belong: whoever reopen() will run as.
    Status give_to(uid_t uid, gid_t gid);
    const AuditCounters& counters() const { return counters_; }

 private:
    Audit(std::string path, Fd file, Log& log, std::function<WallTime()> now)
        : path_(std::move(path)), file_(std::move(file)), log_(&log), now_(std::move(now)) {}
    void write_log(const AuditRecord& record, const std::string& user);
    void write_file(const AuditRecord& record, const std::string& user);

    std::string path_;
    Fd file_;
    Log* log_;
    std::function<WallTime()> now_;
    AuditCounters counters_;
    std::uint64_t lost_ = 0;  // records since the last that was written
    bool torn_ = false;       // the last line has no end
};

}  // namespace netft::control
