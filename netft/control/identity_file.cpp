#include "netft/control/identity_file.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace netft::control {

namespace {

class File {
 public:
    explicit File(int fd) : fd_(fd) {}
    ~File() { close(); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }
    // Gives the errno of close(2), which may report a failed write; 0: well.
    int close() {
        int fd = std::exchange(fd_, -1);
        return fd >= 0 && ::close(fd) != 0 ? errno : 0;
    }

 private:
    int fd_;
};

Result<FileAccess> access_of(const std::string& path, int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return fail_errno(path, errno);
    if (!S_ISREG(info.st_mode)) return fail(path + ": not a plain file");
    return FileAccess{info.st_mode & 07777u, info.st_uid, info.st_gid};
}

bool is_credential(const std::string& path) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0') return false;
    std::error_code error;
    auto credentials = std::filesystem::canonical(folder, error);
    auto file = error ? std::filesystem::path() : std::filesystem::canonical(path, error);
    return !error && file.parent_path() == credentials;
}

Status check_private(const std::string& path, int fd, const char* kind, std::optional<uid_t> user) {
    auto access = access_of(path, fd);
    if (!access) return tl::unexpected(access.error());
    if (user && !is_trusted(*access, ::geteuid(), *user))
        return fail(path + ": this " + kind + " belongs to user number " +
                    std::to_string(access->owner) + ", who could change it; run: chown root " +
                    path + ", or chown it to the user that netftd runs as");
    if (is_private(*access)) return {};
    if (is_private_credential(*access) && is_credential(path)) return {};
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", access->mode);
    return fail(path + ": others than its owner have access to this " + kind + " (mode " + mode +
                "); run: chmod 0600 " + path);
}

// Up to the buffer's size; short reads are gone on with.
Result<std::size_t> read_all(const std::string& path, int fd, std::string& out) {
    std::size_t used = 0;
    while (used < out.size()) {
        ssize_t n = ::read(fd, out.data() + used, out.size() - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(path, errno);
        if (n == 0) break;
        used += static_cast<std::size_t>(n);
    }
    return used;
}

Status write_all(File& file, std::string_view text) {
    while (!text.empty()) {
        ssize_t n = ::write(file.fd(), text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("write", errno);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (fsync(file.fd()) != 0) return fail_errno("fsync", errno);
    if (int error = file.close(); error != 0) return fail_errno("close", error);
    return {};
}

// The new name in the folder is lost in a power cut otherwise. Where the folder cannot be synced
// the key is still there now, so this is no error.
void sync_folder(const std::string& path) {
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    File handle(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (handle.fd() >= 0) (void)fsync(handle.fd());
}

// O_NONBLOCK: a FIFO of this name must not hang us.
int open_to_read(const std::string& path) {
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

// Owner before mode: chown(2) may take bits of the mode away.
Status fill_like(File& file, const FileAccess& access, std::string_view text) {
    if (fchown(file.fd(), access.owner, access.group) != 0) return fail_errno("chown", errno);
    if (fchmod(file.fd(), access.mode) != 0) return fail_errno("chmod", errno);
    return write_all(file, text);
}

}  // namespace

bool is_private(const FileAccess& access) { return (access.mode & 077) == 0; }

bool is_private_credential(const FileAccess& access) { return (access.mode & 037) == 0; }

bool is_trusted(const FileAccess& access, uid_t self, uid_t user) {
    return access.owner == 0 || access.owner == self || access.owner == user;
}

SecretText::~SecretText() { OPENSSL_cleanse(text_.data(), text_.size()); }

Result<SecretText> read_secret_file(const std::string& path, const char* kind,
                                    std::optional<uid_t> user) {
    File file(open_to_read(path));
    if (file.fd() < 0) return fail_errno(path, errno);
    if (auto checked = check_private(path, file.fd(), kind, user); !checked)
        return tl::unexpected(checked.error());
    std::string buffer(kSecretFileBytesMax, '\0');
    auto size = read_all(path, file.fd(), buffer);
    SecretText text(size ? buffer.substr(0, *size) : "");
    OPENSSL_cleanse(buffer.data(), buffer.size());
    if (!size) return tl::unexpected(size.error());
    return text;
}

Status create_secret_file(const std::string& path, std::string_view text) {
    File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600));
    if (file.fd() < 0 && errno == EEXIST)
        return fail(path + ": exists already, and a key is never overwritten", EEXIST);
    if (file.fd() < 0 && errno == ENOENT) {
        std::string folder = std::filesystem::path(path).parent_path();
        return fail(path + ": there is no directory " + folder + "; run: mkdir -p " + folder,
                    ENOENT);
    }
    if (file.fd() < 0) return fail_errno(path, errno);
    if (Status written = write_all(file, text); !written) {
        (void)unlink(path.c_str());  // half a key is none
        return with_context(path, written.error());
    }
    sync_folder(path);
    return {};
}

Status replace_secret_file(const std::string& path, std::string_view text) {
    File old(open_to_read(path));
    if (old.fd() < 0) return fail_errno(path, errno);
    auto access = access_of(path, old.fd());
    if (!access) return tl::unexpected(access.error());
    std::error_code ignored;
    std::filesystem::path target = std::filesystem::canonical(path, ignored);  // through a link
    std::string next = (target.empty() ? path : target.string()) + ".XXXXXX";
    File file(mkostemp(next.data(), O_CLOEXEC));
    if (file.fd() < 0) return fail_errno(next, errno);
    Status done = fill_like(file, *access, text);
    if (done && std::rename(next.c_str(), target.empty() ? path.c_str() : target.c_str()) != 0)
        done = fail_errno("rename", errno);
    if (!done) {
        (void)unlink(next.c_str());
        return with_context(path, done.error());
    }
    sync_folder(target);
    return {};
}

}  // namespace netft::control
