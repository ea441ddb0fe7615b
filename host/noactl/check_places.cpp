#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "noactl/check_host.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

constexpr std::uint64_t disk_least = 64ULL * 1024 * 1024;
constexpr std::uint64_t disk_good = 512ULL * 1024 * 1024;

std::string octal(mode_t mode) {
    std::string out;
    for (int shift = 9; shift >= 0; shift -= 3) {
        out += static_cast<char>('0' + ((mode >> shift) & 7U));
    }
    return out;
}

std::string reason_of(int error_number) {
    return std::generic_category().message(error_number);
}

// The nearest ancestor that exists: where a missing directory would be made.
std::filesystem::path existing_part(std::filesystem::path path) {
    std::error_code error;
    while (!path.empty() && !std::filesystem::exists(path, error) && path != path.parent_path()) {
        path = path.parent_path();
    }
    return path.empty() ? "." : path;
}

struct Wanted {
    std::filesystem::path path;
    Verdict when_missing = Verdict::warn;
    const char* missing_advice = "";
    bool writable = false;
    bool executable_mount = false;
};

void check_mount(const Wanted& wanted, Findings& findings) {
    struct statvfs mount {};
    if (::statvfs(wanted.path.c_str(), &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0) {
        findings.push_back({Verdict::fail, wanted.path, "is on a file system mounted noexec",
                            "plugins are loaded from there: mount it exec, or move it"});
    }
}

void check_directory(const Wanted& wanted, Findings& findings) {
    struct stat found {};
    if (::stat(wanted.path.c_str(), &found) != 0) {
        const Verdict verdict = errno == ENOENT ? wanted.when_missing : Verdict::fail;
        findings.push_back({verdict, wanted.path, reason_of(errno), wanted.missing_advice});
        return;
    }
    if (!S_ISDIR(found.st_mode)) {
        findings.push_back({Verdict::fail, wanted.path, "is not a directory", "remove it"});
        return;
    }
    const std::string text = "mode " + octal(found.st_mode & 07777U) + ", uid " +
                             std::to_string(found.st_uid) + ", gid " + std::to_string(found.st_gid);
    if ((found.st_mode & S_IWOTH) != 0) {
        findings.push_back(
            {Verdict::fail, wanted.path, text, "everybody may write there: chmod o-w"});
    } else if (!wanted.writable && found.st_uid != 0 && found.st_uid != ::geteuid()) {
        findings.push_back({Verdict::fail, wanted.path, text,
                            "it must belong to root, or to the user that runs the host"});
    } else if (wanted.writable && ::access(wanted.path.c_str(), W_OK | X_OK) != 0) {
        findings.push_back({Verdict::warn, wanted.path, text,
                            "this user may not write there; the host's user must"});
    } else {
        findings.push_back({Verdict::ok, wanted.path, text, {}});
    }
    if (wanted.executable_mount) {
        check_mount(wanted, findings);
    }
}

void check_socket(const std::filesystem::path& path, Findings& findings) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) {
        findings.push_back({Verdict::fail, path, "the path is too long for a socket",
                            "use a shorter runtime directory"});
        return;
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    const UniqueFd trial(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(trial.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        findings.push_back({Verdict::warn, path, "somebody answers on it",
                            "a host runs already; a second one will not start here"});
        return;
    }
    if (errno == ENOENT) {
        findings.push_back({Verdict::ok, path, "free", {}});
    } else if (errno == ECONNREFUSED) {
        findings.push_back(
            {Verdict::ok, path, "left by a host that is gone; it will be replaced", {}});
    } else {
        findings.push_back({Verdict::warn, path, reason_of(errno), {}});
    }
}

} // namespace

void check_directories(const HostNeeds& needs, Findings& findings) {
    check_directory({needs.state_dir, Verdict::warn,
                     "the service makes it; by hand: install -d -m 0750 -o noa -g noa", true, true},
                    findings);
    if (!std::filesystem::exists(needs.state_dir)) {
        check_mount({existing_part(needs.state_dir), Verdict::warn, "", true, true}, findings);
    }
    check_directory(
        {needs.runtime_dir, Verdict::warn, "the service makes it at its start", true, false},
        findings);
    for (const auto& directory : needs.plugin_dirs) {
        check_directory({directory, Verdict::warn, "nothing is loaded from there until it exists",
                         false, false},
                        findings);
    }
}

void check_disk(const HostNeeds& needs, Findings& findings) {
    const auto place = existing_part(needs.state_dir);
    struct statvfs disk {};
    if (::statvfs(place.c_str(), &disk) != 0) {
        findings.push_back({Verdict::warn, "disk", reason_of(errno), {}});
        return;
    }
    const std::uint64_t free = disk.f_bavail * disk.f_frsize;
    const Verdict verdict = free < disk_least  ? Verdict::fail
                            : free < disk_good ? Verdict::warn
                                               : Verdict::ok;
    findings.push_back({verdict, "disk", bytes_text(free) + " free at " + place.string(),
                        verdict == Verdict::ok ? "" : "make room: 512 MiB is a good start"});
    if (disk.f_files > 0 && disk.f_favail < 1000) {
        findings.push_back({Verdict::warn, "disk", "few inodes are left", "remove small files"});
    }
}

void check_sockets(const HostNeeds& needs, Findings& findings) {
    check_socket(needs.runtime_dir / "control.sock", findings);
    check_socket(needs.runtime_dir / "bus.sock", findings);
}

} // namespace noa::noactl
