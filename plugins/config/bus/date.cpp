#include "date.hpp"

#include <array>
#include <chrono>
#include <ctime>

namespace config {

std::string date_of_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
    const std::time_t time = seconds.count();
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
    std::string out(text.data(), size);
    return out.append(".").append(std::to_string(1000 + ms).substr(1)).append("Z");
}

} // namespace config
