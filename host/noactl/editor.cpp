#include "noactl/editor.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/unique_fd.hpp"
#include "noactl/document_commands.hpp"

namespace noa::noactl {

Result<void> write_text(const std::string& file, const std::string& text) {
    const UniqueFd fd(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    for (std::string_view left = text; fd && !left.empty();) {
        const ssize_t put = ::write(fd.get(), left.data(), left.size());
        if (put < 0 && errno != EINTR) {
            return fail_errno("write", file, errno);
        }
        left.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
    }
    return fd ? Result<void>() : fail_errno("write", file, errno);
}

// As a shell has it, so that EDITOR may have options.
Result<void> run_editor(const std::string& file) {
    const char* editor = std::getenv("VISUAL"); // NOLINT(concurrency-mt-unsafe): one thread
    editor = editor != nullptr ? editor : std::getenv("EDITOR"); // NOLINT(concurrency-mt-unsafe)
    const std::string command = std::string(editor != nullptr ? editor : "vi") + " \"$1\"";
    std::array<std::string, 5> words{"sh", "-c", command, "sh", file};
    std::array<char*, 6> argv{};
    for (std::size_t at = 0; at < words.size(); ++at) {
        argv[at] = words[at].data();
    }
    pid_t child = 0;
    int status = 0;
    if (const int error = ::posix_spawn(&child, "/bin/sh", nullptr, nullptr, argv.data(), environ);
        error != 0) {
        return fail_errno("run editor", "/bin/sh", error);
    }
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? Result<void>()
               : fail(Errc::refused, "run editor", file, "it failed", "nothing was changed");
}

Result<std::string> edited(const std::string& text, const std::string& suffix,
                           std::string& ret_file) {
    std::string file = std::filesystem::temp_directory_path() / ("noactl-XXXXXX" + suffix);
    const UniqueFd made(::mkostemps(file.data(), static_cast<int>(suffix.size()), O_CLOEXEC));
    if (!made) {
        return fail_errno("make", file, errno);
    }
    ret_file = file;
    auto done = write_text(file, text);
    done = done ? run_editor(file) : done;
    return done ? read_input(file) : Failure(done.error());
}

} // namespace noa::noactl
