#include "request.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "number.hpp"

namespace cache::resp {

namespace {

constexpr std::size_t npos = std::string_view::npos;

// The end of the line that begins at `from`, its '\r'; nothing is known before `searched`.
std::size_t line_end(std::string_view bytes, std::size_t from, std::size_t searched) noexcept {
    const std::size_t begin = std::max(from, searched);
    const void* found = begin < bytes.size()
                            ? std::memchr(bytes.data() + begin, '\r', bytes.size() - begin)
                            : nullptr;
    // The '\n' counts as read with it, and is not looked at: so does Redis.
    const std::size_t at =
        found == nullptr ? npos
                         : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    return at != npos && at + 1 < bytes.size() ? at : npos;
}

bool is_space(char letter) noexcept {
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

int hex_digit(char letter) noexcept {
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    const char low = static_cast<char>(letter | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// What follows a backslash between double quotes; takes it off.
char escaped(std::string_view& line) noexcept {
    const char letter = line.front();
    if (letter == 'x' && line.size() >= 3) {
        const int high = hex_digit(line[1]);
        const int low = hex_digit(line[2]);
        if (high >= 0 && low >= 0) {
            line.remove_prefix(3);
            return static_cast<char>(high * 16 + low);
        }
    }
    line.remove_prefix(1);
    switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return letter;
    }
}

} // namespace

void RequestReader::next() noexcept {
    at_ = searched_ = 0;
    left_ = bulk_ = -1;
    parts_.clear();
    args_.clear();
    if (!words_.empty()) {
        words_.clear();
    }
}

RequestReader::State RequestReader::broken(std::string text) {
    fault_ = std::move(text);
    return State::broken;
}

std::size_t RequestReader::missing(std::size_t have) const noexcept {
    const std::size_t wanted = bulk_ < 0 ? 0 : at_ + static_cast<std::size_t>(bulk_) + 2;
    return wanted > have ? wanted - have : 0;
}

RequestReader::State RequestReader::read(std::string_view bytes, const RequestLimits& limits) {
    if (left_ < 0) {
        if (const State state = start(bytes, limits); state != State::ready || left_ <= 0) {
            return state;
        }
    }
    return read_elements(bytes, limits);
}

RequestReader::State RequestReader::start(std::string_view bytes, const RequestLimits& limits) {
    if (bytes.empty()) {
        return State::incomplete;
    }
    return bytes.front() == '*' ? read_header(bytes, limits) : read_line(bytes);
}

RequestReader::State RequestReader::read_line(std::string_view bytes) {
    const std::size_t from = std::min(searched_, bytes.size());
    const std::size_t end = bytes.find('\n', from);
    if (end == npos) {
        searched_ = bytes.size();
        return bytes.size() > longest_line ? broken("Protocol error: too big inline request")
                                           : State::incomplete;
    }
    std::string_view line = bytes.substr(0, end);
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    if (!split(line)) {
        return broken("Protocol error: unbalanced quotes in request");
    }
    args_.assign(words_.begin(), words_.end());
    at_ = end + 1;
    left_ = 0;
    return State::ready;
}

bool RequestReader::split(std::string_view line) {
    for (;;) {
        while (!line.empty() && is_space(line.front())) {
            line.remove_prefix(1);
        }
        if (line.empty() || line.front() == '\0') {
            return true;
        }
        std::string out;
        if (!word(line, out)) {
            return false;
        }
        words_.push_back(std::move(out));
    }
}

// Takes a word off the line. A quote that closes is followed by a space, or the end.
bool RequestReader::word(std::string_view& line, std::string& out) const {
    char quote = '\0';
    while (!line.empty()) {
        const char letter = line.front();
        if (quote == '\0' && (is_space(letter) || letter == '\0')) {
            return true;
        }
        line.remove_prefix(1);
        if (quote == '\0' && (letter == '"' || letter == '\'')) {
            quote = letter;
        } else if (quote != '\0' && letter == quote) {
            return line.empty() || is_space(line.front());
        } else if (quote == '"' && letter == '\\' && !line.empty()) {
            out += escaped(line);
        } else if (quote == '\'' && letter == '\\' && !line.empty() && line.front() == '\'') {
            out += '\'';
            line.remove_prefix(1);
        } else {
            out += letter;
        }
    }
    return quote == '\0';
}

RequestReader::State RequestReader::read_header(std::string_view bytes,
                                                const RequestLimits& limits) {
    const std::size_t end = line_end(bytes, 1, searched_);
    if (end == npos) {
        searched_ = bytes.empty() ? 0 : bytes.size() - 1;
        return bytes.size() > longest_line ? broken("Protocol error: too big mbulk count string")
                                           : State::incomplete;
    }
    const auto count = whole_number(bytes.substr(1, end - 1));
    if (!count || *count > most_elements) {
        return broken("Protocol error: invalid multibulk length");
    }
    if (*count > limits.elements) {
        return broken("Protocol error: unauthenticated multibulk length");
    }
    at_ = end + 2;
    left_ = std::max<std::int64_t>(*count, 0);
    return State::ready;
}

RequestReader::State RequestReader::read_elements(std::string_view bytes,
                                                  const RequestLimits& limits) {
    while (left_ > 0) {
        if (bulk_ < 0) {
            const std::size_t end = line_end(bytes, at_, searched_);
            if (end == npos) {
                searched_ = bytes.empty() ? 0 : bytes.size() - 1;
                return bytes.size() - at_ > longest_line
                           ? broken("Protocol error: too big bulk count string")
                           : State::incomplete;
            }
            if (bytes[at_] != '$') {
                return broken(std::string("Protocol error: expected '$', got '") + bytes[at_] +
                              "'");
            }
            const auto size = whole_number(bytes.substr(at_ + 1, end - at_ - 1));
            if (!size || *size < 0 || *size > longest_bulk ||
                static_cast<std::size_t>(*size) + end > largest_request) {
                return broken("Protocol error: invalid bulk length");
            }
            if (*size > limits.bulk) {
                return broken("Protocol error: unauthenticated bulk length");
            }
            bulk_ = *size;
            at_ = end + 2;
        }
        const auto size = static_cast<std::size_t>(bulk_);
        if (bytes.size() < at_ + size + 2) {
            return State::incomplete;
        }
        parts_.push_back({at_, size});
        at_ += size + 2;
        searched_ = at_;
        bulk_ = -1;
        --left_;
    }
    args_.resize(parts_.size());
    for (std::size_t part = 0; part < parts_.size(); ++part) {
        args_[part] = bytes.substr(parts_[part].begin, parts_[part].size);
    }
    return State::ready;
}

} // namespace cache::resp
