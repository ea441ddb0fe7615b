#include "pdf.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace drafting::exchange {

using noa::sdk::failed;
using noa::sdk::Result;

namespace {

constexpr std::size_t largest_pdf = 11U << 20U; // of a message's 16 MiB, as base64

std::string words_of_errno() {
    return std::system_category().message(errno);
}

// Made with a name that nobody else has, for its owner alone.
class PrivateDirectory {
public:
    explicit PrivateDirectory(const std::string& below) : path_(below + "/pdf-XXXXXX") {
        made_ = ::mkdtemp(path_.data()) != nullptr;
    }
    ~PrivateDirectory() {
        std::error_code error;
        if (made_) {
            std::filesystem::remove_all(path_, error);
        }
    }
    PrivateDirectory(const PrivateDirectory&) = delete;
    PrivateDirectory& operator=(const PrivateDirectory&) = delete;
    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    bool made_ = false;
};

std::vector<std::string> words_for(const std::string& program, const std::string& directory) {
    const std::string page = directory + "/page.html";
    const std::string pdf = directory + "/page.pdf";
    if (program.find("weasyprint") != std::string::npos) {
        return {program, "--quiet", page, pdf};
    }
    std::vector<std::string> words{program,
                                   "--headless",
                                   "--disable-gpu",
                                   "--no-first-run",
                                   "--disable-javascript",
                                   "--disable-background-networking",
                                   "--no-pdf-header-footer",
                                   "--user-data-dir=" + directory,
                                   "--print-to-pdf=" + pdf};
    if (::geteuid() == 0) { // it refuses to run as root with it
        words.emplace_back("--no-sandbox");
    }
    words.push_back("file://" + page);
    return words;
}

pid_t begin(std::vector<std::string> words, const std::string& directory) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    std::string home = "HOME=" + directory;
    std::string path = "PATH=/usr/bin:/bin";
    std::string temporary = "TMPDIR=" + directory;
    char* environment[] = {home.data(), path.data(), temporary.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    const std::string log = directory + "/log";
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); // its children end with it
    pid_t child = -1;
    const int error =
        ::posix_spawn(&child, argv[0], &actions, &attributes, argv.data(), environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0 ? child : -1;
}

// Whether it ended by itself, and well.
bool wait_for(pid_t child, std::chrono::milliseconds time, const std::stop_token& stop) {
    constexpr std::chrono::milliseconds step(100); // a stop has no descriptor to wait for
    const int ended = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    bool over = false;
    for (auto left = time; !over && left.count() > 0 && !stop.stop_requested(); left -= step) {
        pollfd wait{ended, POLLIN, 0};
        over = ended < 0 || ::poll(&wait, 1, static_cast<int>(step.count())) > 0;
    }
    if (!over) {
        ::kill(-child, SIGKILL);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    ::kill(-child, SIGKILL); // what it left behind
    if (ended >= 0) {
        ::close(ended);
    }
    return over && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string contents(const std::string& path, std::size_t most) {
    std::ifstream file(path, std::ios::binary);
    std::string text(most + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
}

} // namespace

std::optional<std::string> pdf_program(const std::string& wanted) {
    const auto there = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
    if (wanted.starts_with('/')) {
        return there(wanted) ? std::optional(wanted) : std::nullopt;
    }
    for (const char* name : {"weasyprint", "chromium"}) {
        const std::string path = std::string("/usr/bin/") + name;
        if ((wanted.empty() || wanted == name) && there(path)) {
            return path;
        }
    }
    return std::nullopt;
}

Result<std::string> to_pdf(const std::string& html, const std::string& program,
                           const std::string& directory, std::chrono::milliseconds time,
                           const std::stop_token& stop) {
    const PrivateDirectory place(directory);
    if (!place.made()) {
        return failed("a directory below " + directory + ": " + words_of_errno());
    }
    {
        std::ofstream page(place.path() + "/page.html", std::ios::binary);
        page << html;
        if (!page.flush()) {
            return failed("the page cannot be written: " + words_of_errno());
        }
    }
    const pid_t child = begin(words_for(program, place.path()), place.path());
    if (child < 0) {
        return failed(program + ": " + words_of_errno());
    }
    const bool well = wait_for(child, time, stop);
    std::string pdf = contents(place.path() + "/page.pdf", largest_pdf);
    if (!well || !pdf.starts_with("%PDF-")) {
        return failed(program + " made no PDF: " + contents(place.path() + "/log", 300));
    }
    if (pdf.size() > largest_pdf) {
        return noa::sdk::too_large("the PDF is over 11 MiB");
    }
    return pdf;
}

} // namespace drafting::exchange
