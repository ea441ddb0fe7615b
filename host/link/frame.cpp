#include "link/frame.hpp"

#include "link/sealed.hpp"

namespace noa::link {

Writer::Writer(std::string& out, std::vector<UniqueFd>& descriptors, Kind kind)
    : out_(out), descriptors_(descriptors), start_(out.size()) {
    number(std::uint32_t{0});
    number(kind);
    number(std::uint8_t{0});
    number(std::uint16_t{0});
}

void Writer::raw(const void* data, std::size_t size) {
    if (size > payload_max) {
        failed_ = true;
    } else if (size != 0) {
        out_.append(static_cast<const char*>(data), size);
    }
}

void Writer::text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    raw(value.data(), value.size());
}

void Writer::body(const void* data, std::size_t size) {
    const bool sealed = size > inline_max;
    number(std::uint8_t{sealed});
    number(std::uint64_t{size});
    if (!sealed) {
        raw(data, size);
        return;
    }
    auto memory = seal({static_cast<const char*>(data), size});
    failed_ = failed_ || !memory;
    if (memory) {
        descriptor(std::move(*memory));
    }
}

void Writer::descriptor(UniqueFd fd) {
    failed_ = failed_ || !fd || descriptors_.size() >= descriptors_max;
    descriptors_.push_back(std::move(fd));
}

bool Writer::finish() {
    const auto payload = out_.size() - start_ - header_bytes;
    if (failed_ || payload > payload_max) {
        out_.resize(start_);
        descriptors_.clear();
        return false;
    }
    const auto size = static_cast<std::uint32_t>(payload);
    std::memcpy(out_.data() + start_, &size, sizeof size);
    out_[start_ + 5] = static_cast<char>(descriptors_.size());
    return true;
}

std::string_view Reader::raw(std::size_t size) noexcept {
    if (size > left_.size()) {
        whole_ = false;
        left_ = {};
        return {};
    }
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
}

Body Reader::body() noexcept {
    Body body;
    const auto sealed = number<std::uint8_t>();
    body.size = number<std::uint64_t>();
    body.sealed = sealed == 1;
    // Each size has one form.
    if (sealed > 1 || body.sealed != (body.size > inline_max)) {
        whole_ = false;
    } else if (!body.sealed) {
        body.bytes = raw(static_cast<std::size_t>(body.size));
    }
    return body;
}

} // namespace noa::link
