#include "records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "../archive/unique_fd.hpp"
#include "../repository/system_error.hpp"

namespace backup {

noa::sdk::Status replace_file(const std::string& path, std::string_view text) {
    const std::string beside = path + ".new";
    const UniqueFd fd(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    const bool written =
        fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fdatasync(fd.get()) == 0 && std::rename(beside.c_str(), path.c_str()) == 0;
    return written ? sync_directory(path.substr(0, path.rfind('/')))
                   : noa::sdk::Status(system_error("write", path));
}

Records Records::load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto records = noa::sdk::Codec<Records>::decode(text, noa::sdk::Extra::ignored);
    return records ? *std::move(records) : Records{};
}

noa::sdk::Status Records::save(const std::string& path) const {
    const auto body = noa::sdk::Codec<Records>::encode(*this);
    return body ? replace_file(path, body->bytes) : body.error();
}

} // namespace backup
