#include "number.hpp"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cache::resp {

std::optional<long double> real_number(std::string_view text) {
    std::array<char, 256>
        copy{}; // strtold wants an end; longer texts are no numbers to Redis either
    if (text.empty() || text.size() >= copy.size() || text.front() == ' ' ||
        (text.front() >= '\t' && text.front() <= '\r')) {
        return std::nullopt;
    }
    std::memcpy(copy.data(), text.data(), text.size());
    char* end = nullptr;
    errno = 0;
    const long double value = std::strtold(copy.data(), &end);
    const bool out_of_range =
        errno == ERANGE && (value == HUGE_VALL || value == -HUGE_VALL || value == 0);
    if (end != copy.data() + text.size() || out_of_range || std::isnan(value)) {
        return std::nullopt;
    }
    return value;
}

std::string human_text(long double value) {
    std::array<char, 5 * 1024> text{};
    int size = std::snprintf(text.data(), text.size(), "%.17Lf", value);
    if (std::memchr(text.data(), '.', static_cast<std::size_t>(size)) != nullptr) {
        while (text[size - 1] == '0') {
            --size;
        }
        size -= text[size - 1] == '.' ? 1 : 0;
    }
    std::string out(text.data(), static_cast<std::size_t>(size));
    return out == "-0" ? "0" : out;
}

std::string exact_text(double value) {
    if (std::isinf(value)) {
        return value > 0 ? "inf" : "-inf";
    }
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.17g", value);
    return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace cache::resp
