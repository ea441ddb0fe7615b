#include "day_text.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "noa/sdk/fd.hpp"
#include "noa/sdk/json.hpp"

namespace monitor {

namespace {

constexpr std::size_t chunk = std::size_t{64} << 10U;
constexpr std::size_t longest_line = std::size_t{4} << 20U;
constexpr int most_window_log = 27; // what a hostile file may make the reader hold: 128 MiB

struct Close {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

noa::sdk::Error failed_with(const char* what, const std::string& path, const std::string& why) {
    return noa::failed(std::string(what) + " " + path + ": " + why);
}

// Puts lines together again.
class Lines {
public:
    explicit Lines(const std::function<bool(std::string_view)>& take) : take_(take) {}

    // False: enough.
    bool add(std::string_view text) {
        for (;;) {
            const std::size_t end = text.find('\n');
            if (pending_.size() + std::min(end, text.size()) > longest_line) {
                too_long_ = true;
                pending_.clear();
            }
            if (end == std::string_view::npos) {
                pending_ += too_long_ ? std::string_view() : text;
                return true;
            }
            pending_ += too_long_ ? std::string_view() : text.substr(0, end);
            const bool more = pending_.empty() || take_(pending_);
            pending_.clear();
            too_long_ = false;
            if (!more) {
                return false;
            }
            text.remove_prefix(end + 1);
        }
    }

private:
    const std::function<bool(std::string_view)>& take_;
    std::string pending_;
    bool too_long_ = false;
};

// One chunk of what is compressed, all that comes of it; false: enough, or damaged.
bool add_compressed(ZSTD_DCtx& context, std::string_view bytes, std::string& room, Lines& lines) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (bool full = true; in.pos < in.size || full;) {
        ZSTD_outBuffer out{room.data(), room.size(), 0};
        if (ZSTD_isError(ZSTD_decompressStream(&context, &out, &in)) != 0 ||
            !lines.add({room.data(), out.pos})) {
            return false;
        }
        full = out.pos == out.size;
    }
    return true;
}

// Each series of it that matches.
bool take_series(const noa::Json& series, std::int64_t at, const HistoryQuery& query,
                 History& ret_history, std::size_t& ret_points) {
    for (const noa::Json& one : series) {
        if (!one.is_array() || one.size() != 2 || !one[0].is_object() || !one[1].is_number()) {
            continue;
        }
        Labels labels;
        for (const auto& [label, text] : one[0].items()) {
            labels.emplace_back(label, text.is_string() ? text.get<std::string>() : "");
        }
        if (!matches(labels, query.match)) {
            continue;
        }
        auto& points = ret_history.series[std::move(labels)];
        if (!points.empty() && query.step > 0 &&
            points.back().first / query.step == at / query.step) {
            points.back() = {at, one[1].get<double>()};
        } else if (++ret_points > query.most_points) {
            return false;
        } else {
            points.emplace_back(at, one[1].get<double>());
        }
    }
    return true;
}

} // namespace

noa::Status each_line(const std::string& path, bool compressed,
                      const std::function<bool(std::string_view)>& take) {
    const noa::sdk::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) {
        return failed_with("open", path, std::generic_category().message(errno));
    }
    const std::unique_ptr<ZSTD_DCtx, Close> context(compressed ? ZSTD_createDCtx() : nullptr);
    if (compressed) {
        ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, most_window_log);
    }
    std::string bytes(chunk, '\0');
    std::string room(compressed ? chunk * 4 : 0, '\0');
    Lines lines(take);
    for (;;) {
        const ssize_t size = ::read(fd.get(), bytes.data(), bytes.size());
        if (size < 0 && errno != EINTR) {
            return failed_with("read", path, std::generic_category().message(errno));
        }
        if (size == 0) {
            return {};
        }
        const std::string_view read(bytes.data(),
                                    static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (!(compressed ? add_compressed(*context, read, room, lines) : lines.add(read))) {
            return {};
        }
    }
}

noa::Status compress_file(const std::string& path) {
    const noa::sdk::Fd from(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const std::string made = path + ".zst";
    const std::string temporary = path + ".tmp";
    const noa::sdk::Fd to(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    const std::unique_ptr<ZSTD_CCtx, Close> context(ZSTD_createCCtx());
    std::string bytes(chunk, '\0');
    std::string room(ZSTD_CStreamOutSize(), '\0');
    bool good = static_cast<bool>(from) && static_cast<bool>(to);
    for (bool more = true; good && more;) {
        const ssize_t size = ::read(from.get(), bytes.data(), bytes.size());
        more = size > 0;
        ZSTD_inBuffer in{bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)), 0};
        std::size_t left = 1;
        for (good = size >= 0; good && (more ? in.pos < in.size : left > 0);) {
            ZSTD_outBuffer out{room.data(), room.size(), 0};
            left =
                ZSTD_compressStream2(context.get(), &out, &in, more ? ZSTD_e_continue : ZSTD_e_end);
            good = ZSTD_isError(left) == 0 &&
                   ::write(to.get(), room.data(), out.pos) == static_cast<ssize_t>(out.pos);
        }
    }
    good = good && ::fsync(to.get()) == 0 && std::rename(temporary.c_str(), made.c_str()) == 0 &&
           ::unlink(path.c_str()) == 0;
    if (!good) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return failed_with("compress", path, std::generic_category().message(error));
    }
    return {};
}

bool take_line(std::string_view line, const HistoryQuery& query, History& ret_history,
               std::size_t& ret_points) {
    std::int64_t at = 0;
    if (!line.starts_with(line_begin)) {
        return true;
    }
    const char* end = line.data() + line.size();
    const auto [rest, error] = std::from_chars(line.data() + line_begin.size(), end, at);
    if (error != std::errc() || at < query.from || at > query.to) {
        return true;
    }
    // Names are of letters that JSON takes as they are: most lines need not be parsed.
    const std::string wanted = ",\"name\":\"" + query.name + "\",";
    if (!std::string_view(rest, static_cast<std::size_t>(end - rest)).starts_with(wanted)) {
        return true;
    }
    const noa::Json whole = noa::Json::parse(line, nullptr, false);
    if (!whole.is_object() || !whole.contains("series") || !whole["series"].is_array()) {
        return true;
    }
    const noa::Json type = whole.value("type", noa::Json());
    ret_history.type = type.is_string() ? type.get<std::string>() : "gauge";
    return take_series(whole["series"], at, query, ret_history, ret_points);
}

} // namespace monitor
