#include "compression.hpp"

#include <algorithm>
#include <string>

#include <zstd.h>

namespace backup {

namespace {

constexpr int level = 3;
// A larger one is no gain for chunks of 8 MiB, and is memory that every reader needs.
constexpr int window_log = 23;

} // namespace

void Compressor::Free::operator()(ZSTD_CCtx* context) const noexcept {
    ZSTD_freeCCtx(context);
}

Compressor::Compressor() : context_(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
}

noa::sdk::Status Compressor::compress(View text, std::size_t room, Bytes& out) {
    out.resize(room + ZSTD_compressBound(text.size()));
    const std::size_t size = ZSTD_compress2(context_.get(), out.data() + room, out.size() - room,
                                            text.data(), text.size());
    if (ZSTD_isError(size) != 0) {
        return noa::sdk::failed(std::string("zstd: ") + ZSTD_getErrorName(size));
    }
    out.resize(room + size);
    return {};
}

void Decompressor::Free::operator()(ZSTD_DCtx* context) const noexcept {
    ZSTD_freeDCtx(context);
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) {
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, window_log);
}

noa::sdk::Result<Bytes> Decompressor::decompress(View packed, std::size_t size) {
    Bytes out(size);
    const std::size_t done =
        ZSTD_decompressDCtx(context_.get(), out.data(), out.size(), packed.data(), packed.size());
    if (ZSTD_isError(done) != 0 || done != size) {
        return noa::sdk::invalid("zstd: damaged, or not as long as was said");
    }
    return out;
}

noa::sdk::Result<Bytes> Decompressor::decompress_all(View packed, std::size_t most) {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    Bytes out;
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    for (std::size_t left = 1; left != 0;) {
        const std::size_t filled = out.size();
        const std::size_t step = std::min(most - filled, std::max(filled, ZSTD_DStreamOutSize()));
        out.resize(filled + step);
        ZSTD_outBuffer to{out.data(), out.size(), filled};
        left = ZSTD_decompressStream(context_.get(), &to, &in);
        out.resize(to.pos);
        if (ZSTD_isError(left) != 0) {
            return noa::sdk::invalid("zstd: damaged");
        }
        if (left != 0 && to.pos == most) {
            return noa::sdk::too_large("zstd: longer than may be");
        }
        if (left != 0 && to.pos == filled && in.pos == in.size) {
            return noa::sdk::invalid("zstd: cut short");
        }
    }
    return out;
}

} // namespace backup
