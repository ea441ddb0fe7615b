#include "days.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "day_text.hpp"
#include "exposition.hpp"
#include "noa/sdk/fd.hpp"
#include "noa/sdk/json_text.hpp"

namespace monitor {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "metrics-";
constexpr std::int64_t ms_of_day = 86'400'000;

std::string date_of(std::int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

noa::sdk::Error failed(std::string_view what, const std::string& path, int error) {
    return noa::failed(std::string(what) + " " + path + ": " +
                       std::generic_category().message(error));
}

struct DayFile {
    std::string date;
    fs::path path;
    std::uint64_t size = 0;
    bool compressed = false;
};

// In order of their days; of other files there nothing.
std::vector<DayFile> files_in(const std::string& folder) {
    std::vector<DayFile> all;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename();
        const std::size_t dated = prefix.size() + 10;
        if (!name.starts_with(prefix) || name.size() <= dated) {
            continue;
        }
        const std::string ending = name.substr(dated);
        if (ending == plain_ending || ending == compressed_ending) {
            std::error_code gone;
            const std::uint64_t size = at->file_size(gone);
            all.push_back({name.substr(prefix.size(), 10), at->path(), gone ? 0 : size,
                           ending == compressed_ending});
        }
    }
    std::ranges::sort(all, {}, [](const DayFile& one) { return one.path.native(); });
    return all;
}

noa::Status write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return failed("write", path, errno);
        }
        text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    return {};
}

} // namespace

std::string day_lines(const SeriesRing& ring, std::int64_t unix_ms) {
    std::string out;
    const std::string* last = nullptr;
    ring.each_last([&](const std::string& name, const SeriesRing::Family& family,
                       const Labels& labels, double value) {
        if (last != &name) {
            out += last == nullptr ? "" : "]}\n";
            out.append(line_begin).append(std::to_string(unix_ms)).append(",\"name\":\"");
            out.append(name).append("\",\"type\":\"").append(name_of(family.kind));
            out += "\",\"series\":[";
            last = &name;
        } else {
            out += ',';
        }
        out += '[';
        {
            noa::sdk::JsonObject object(out);
            for (const auto& [label, text] : labels) {
                object.add(label, std::string_view(text));
            }
        }
        out.append(",").append(number_text(value)).append("]");
    });
    out += last == nullptr ? "" : "]}\n";
    return out;
}

// What a crash has torn is ended: the next line is not lost with it.
noa::Status DayFiles::begin_day(const std::string& date) {
    std::error_code error;
    fs::create_directories(terms_.folder, error);
    const std::string path = terms_.folder + "/" + std::string(prefix) + date + plain_ending;
    const noa::sdk::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!fd) {
        return failed("open", path, errno);
    }
    char last = '\n';
    if (::lseek(fd.get(), -1, SEEK_END) >= 0 && ::read(fd.get(), &last, 1) == 1 && last != '\n') {
        if (noa::Status ended = write_all(fd.get(), "\n", path); !ended) {
            return ended;
        }
    }
    date_ = date;
    return {};
}

void DayFiles::tidy(std::int64_t unix_ms) {
    std::error_code ignored;
    for (const DayFile& file : files_in(terms_.folder)) {
        if (!file.compressed && file.date != date_) {
            static_cast<void>(compress_file(file.path)); // tried again tomorrow
        }
    }
    const std::string oldest = date_of(unix_ms - terms_.keep_days * ms_of_day);
    std::vector<DayFile> all = files_in(terms_.folder);
    bytes_ = 0;
    for (const DayFile& file : all) {
        bytes_ += file.size;
    }
    for (const DayFile& file : all) {
        if (file.date != date_ && (file.date <= oldest || bytes_ > terms_.max_bytes)) {
            fs::remove(file.path, ignored);
            bytes_ -= file.size;
        }
    }
}

noa::Status DayFiles::append(std::int64_t unix_ms, std::string_view lines) {
    const std::string date = date_of(unix_ms);
    if (date != date_) {
        if (noa::Status begun = begin_day(date); !begun) {
            return begun;
        }
        tidy(unix_ms);
    }
    if (bytes_ + lines.size() > terms_.max_bytes) {
        tidy(unix_ms);
        if (bytes_ + lines.size() > terms_.max_bytes) {
            return noa::sdk::too_large("the figures of " + date + " alone are over days.max_size");
        }
    }
    const std::string path = terms_.folder + "/" + std::string(prefix) + date + plain_ending;
    const noa::sdk::Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!fd) {
        return failed("open", path, errno);
    }
    bytes_ += lines.size();
    noa::Status written = write_all(fd.get(), lines, path);
    if (!written) {
        date_.clear(); // whatever is torn is ended before the next
    }
    return written;
}

noa::Result<History> DayFiles::read(const HistoryQuery& query) const {
    History found;
    std::size_t count = 0;
    const std::string first = date_of(query.from);
    const std::string last = date_of(query.to);
    for (const DayFile& file : files_in(terms_.folder)) {
        if (file.date < first || file.date > last || !found.whole) {
            continue;
        }
        const noa::Status read = each_line(file.path, file.compressed, [&](std::string_view line) {
            found.whole = !query.stop.stop_requested() && take_line(line, query, found, count);
            return found.whole;
        });
        if (!read) {
            return read.error();
        }
    }
    return found;
}

} // namespace monitor
