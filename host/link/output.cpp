#include "link/output.hpp"

#include <algorithm>
#include <utility>

namespace noa::link {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

} // namespace

void Output::end_line(std::int64_t now_ns) {
    if (second_began_ns_ == 0 || now_ns - second_began_ns_ >= second_ns) {
        second_began_ns_ = now_ns;
        in_second_ = 0;
    }
    if (kept_) {
        if (kept_->size() < most_kept) {
            kept_->push_back(unfinished_);
        }
    } else if (in_second_ < lines_per_second) {
        ++in_second_;
        line_(unfinished_);
    } else {
        ++dropped_;
    }
    unfinished_.clear();
}

void Output::add(std::string_view bytes, std::int64_t now_ns) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto part = std::min({end, bytes.size(), line_max - unfinished_.size()});
        unfinished_.append(bytes.substr(0, part));
        bytes.remove_prefix(part);
        const bool ended = !bytes.empty() && bytes.front() == '\n';
        if (ended) {
            bytes.remove_prefix(1);
        }
        if (ended || unfinished_.size() >= line_max) {
            end_line(now_ns);
        }
    }
}

void Output::finish(std::int64_t now_ns) {
    if (!unfinished_.empty()) {
        end_line(now_ns);
    }
}

std::vector<std::string> Output::stop() {
    return std::exchange(kept_, std::nullopt).value_or(std::vector<std::string>());
}

std::uint64_t Output::take_dropped() noexcept {
    return std::exchange(dropped_, 0);
}

} // namespace noa::link
