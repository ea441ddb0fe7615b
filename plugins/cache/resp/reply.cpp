#include "reply.hpp"

#include <array>
#include <charconv>

#include "number.hpp"

namespace cache::resp {

void Reply::number(char type, std::int64_t value) {
    std::array<char, 32> text; // NOLINT(cppcoreguidelines-pro-type-member-init): written below
    char* at = text.data();
    *at++ = type;
    if (value >= 0 && value < 10) {
        *at++ = static_cast<char>('0' + value);
    } else {
        at = std::to_chars(at, text.data() + text.size(), value).ptr;
    }
    *at++ = '\r';
    *at++ = '\n';
    out_->append(text.data(), static_cast<std::size_t>(at - text.data()));
}

void Reply::error(std::string_view text) {
    const std::size_t begin = out_->size() + 1;
    line('-', text);
    for (std::size_t at = begin; at < out_->size() - 2; ++at) {
        char& letter = (*out_)[at];
        letter = letter == '\r' || letter == '\n' ? ' ' : letter;
    }
}

void Reply::bulk_number(std::int64_t value) {
    std::array<char, 24> text{};
    const char* end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    bulk({text.data(), static_cast<std::size_t>(end - text.data())});
}

void Reply::real(double value) {
    if (protocol_ == 3) {
        line(',', exact_text(value));
    } else {
        bulk(exact_text(value));
    }
}

void Reply::verbatim(std::string_view text) {
    if (protocol_ != 3) {
        bulk(text);
        return;
    }
    number('=', static_cast<std::int64_t>(text.size() + 4));
    out_->append("txt:").append(text).append("\r\n");
}

} // namespace cache::resp
