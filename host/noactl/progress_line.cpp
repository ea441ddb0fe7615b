#include "noactl/progress_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "noactl/text.hpp"

namespace noa::noactl {

ProgressLine::ProgressLine(const Globals& globals)
    : shown_(!globals.json && ::isatty(STDERR_FILENO) == 1),
      begin_(std::chrono::steady_clock::now()) {}

ProgressLine::~ProgressLine() {
    if (shown_ && width_ > 0) {
        std::fprintf(stderr, "\r%*s\r", static_cast<int>(width_), "");
    }
}

void ProgressLine::show(const nlohmann::json& running) {
    if (!shown_) {
        return;
    }
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
    const auto bytes = static_cast<std::uint64_t>(number(running, "bytes"));
    const auto all = static_cast<std::uint64_t>(number(running, "all_bytes"));
    const double rate = static_cast<double>(bytes) / std::max(passed.count(), 0.001);
    std::string text = member(running, "kind") + " " + member(running, "what") + ": " +
                       member(running, "files") + " files, " + bytes_text(bytes) + ", " +
                       bytes_text(static_cast<std::uint64_t>(rate)) + "/s";
    if (all > bytes && rate > 1) {
        const double left = static_cast<double>(all - bytes) / rate;
        text += ", " + std::to_string(bytes * 100 / all) + " %, " +
                duration_text(static_cast<std::int64_t>(left * 1e9)) + " left";
    }
    text = escape_text(text);
    const std::size_t width = display_width(text);
    std::fprintf(stderr, "\r%s%*s", text.c_str(),
                 width_ > width ? static_cast<int>(width_ - width) : 0, "");
    width_ = width;
}

} // namespace noa::noactl
