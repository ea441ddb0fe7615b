// Hints that something in the watched directories may have changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::config {

struct Hints {
    // Of those given to open(): a *.toml or *.so was written and closed, renamed, made a link
    // or deleted in them, or they appeared or went away. Sorted, each once.
    std::vector<std::filesystem::path> directories;
    // The kernel dropped events: everything may have changed.
    bool everything = false;
    [[nodiscard]] bool empty() const noexcept { return directories.empty() && !everything; }
};

// inotify on directories, never on files: editors and installers replace those.
// No thread and no timer: the caller waits for fd() to be readable and debounces. A parent that
// is renamed above a directory in place is not noticed.
// [one thread at a time]
class Watch {
public:
    // A directory that does not exist is waited for at its nearest parent that does.
    // Doubles count once. Fails when the kernel's limits are reached.
    [[nodiscard]] static Result<Watch> open(const std::vector<std::filesystem::path>& directories);

    Watch(Watch&&) noexcept = default;
    Watch& operator=(Watch&&) noexcept = default;

    // Readable when drain() has something to read. Valid as long as this lives; not blocking.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    // Reads what there is, which may be nothing of interest. Watches directories that appeared;
    // these are reported, since files may have come before the watch.
    [[nodiscard]] Result<Hints> drain();

private:
    struct Target {
        std::filesystem::path directory; // absolute, as open() was told
        int watch = -1;                  // on `watched`
        std::filesystem::path watched;   // the directory, or its nearest existing parent
        [[nodiscard]] bool in_place() const { return watched == directory; }
        // What must appear in `watched` for a directory that is nearer.
        [[nodiscard]] std::filesystem::path next() const {
            return *directory.lexically_relative(watched).begin();
        }
    };

    explicit Watch(UniqueFd fd) : fd_(std::move(fd)) {}
    Result<void> place(Target& target);
    Result<void> place_all(Hints& hints);
    void take_event(int watch, std::uint32_t mask, std::string_view name, Hints& hints);

    UniqueFd fd_;
    std::vector<Target> targets_;
    bool misplaced_ = false; // a target's directory or parent came or went
};

} // namespace noa::config
