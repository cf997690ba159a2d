#include "netft/control/audit.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "netft/control/status.hpp"

namespace netft::control {

namespace {

using nlohmann::json;

constexpr mode_t kMode = 0640;

// A plain file or, for who wants none, a device: nothing whose reader could hold us up.
Result<Fd> open_file(const std::string& path) {
    Fd fd(::open(path.c_str(),
                 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
                 kMode));
    if (!fd) return fail_errno("audit log " + path, errno);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail_errno("audit log " + path, errno);
    if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode))
        return fail("audit log " + path + ": not a plain file");
    return fd;
}

std::string time_text(WallTime now) { return WallClock{TimePoint{}, now}.to_rfc3339(TimePoint{}); }

}  // namespace

Result<Audit> Audit::open(const std::string& path, Log& log, std::function<WallTime()> now) {
    if (!now)
        now = [] {
            return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
        };
    if (path.empty()) return Audit(path, Fd(), log, std::move(now));
    Result<Fd> file = open_file(path);
    if (!file) return tl::unexpected(file.error());
    return Audit(path, std::move(*file), log, std::move(now));
}

void Audit::record(const AuditRecord& record) {
    ++counters_.records;
    std::string user = user_name(record.who.uid);
    write_log(record, user);
    if (file_) write_file(record, user);
}

// The number makes each line another one: the log's limit on repeated lines does not swallow any.
void Audit::write_log(const AuditRecord& record, const std::string& user) {
    bool done = record.refusal.empty();
    std::string text = record.what + (done ? " done" : " refused why=\"" + record.refusal + "\"");
    text += " seq=" + std::to_string(counters_.records) + " uid=" + std::to_string(record.who.uid) +
            " user=" + (user.empty() ? "?" : user) + " gid=" + std::to_string(record.who.gid) +
            " pid=" + std::to_string(record.who.pid) +
            " command=" + (record.who.command.empty() ? "?" : record.who.command);
    if (done)
        log_->info("audit", text);
    else
        log_->warn("audit", Fault::local, text);
}

void Audit::write_file(const AuditRecord& record, const std::string& user) {
    json line{{"version", 1},
              {"time", time_text(now_())},
              {"seq", counters_.records},
              {"uid", record.who.uid},
              {"gid", record.who.gid},
              {"pid", record.who.pid},
              {"user", user},
              {"command", record.who.command},
              {"request", record.what},
              {"result", record.refusal.empty() ? "done" : "refused"}};
    if (!record.refusal.empty()) line["why"] = record.refusal;
    if (lost_ > 0) line["lost"] = lost_;
    std::string text = torn_ ? "\n" : "";
    text += line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    ssize_t n = ::write(file_.get(), text.data(), text.size());
    if (n == static_cast<ssize_t>(text.size())) {
        lost_ = 0;
        torn_ = false;
        return;
    }
    std::string why = n < 0 ? std::strerror(errno) : "no room";
    torn_ = torn_ || n > 0;
    ++lost_;
    ++counters_.not_written;
    log_->error("audit", Fault::local, path_ + ": " + why + ": records are missing in this file");
}

void Audit::reopen() {
    if (path_.empty()) return;
    Result<Fd> file = open_file(path_);
    if (!file) {
        log_->error("audit", Fault::local, file.error().what + ": the old file stays in use");
        return;
    }
    file_ = std::move(*file);
    torn_ = false;
}

Status Audit::give_to(uid_t uid, gid_t gid) {
    if (!file_ || ::fchown(file_.get(), uid, gid) == 0) return {};
    return fail_errno("audit log " + path_, errno);
}

}  // namespace netft::control
