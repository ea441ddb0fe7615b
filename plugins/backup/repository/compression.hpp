// zstd, with the level that restic's "auto" comes to.
#pragma once

#include <memory>

#include "bytes.hpp"

typedef struct ZSTD_CCtx_s ZSTD_CCtx;
typedef struct ZSTD_DCtx_s ZSTD_DCtx;

namespace backup {

// Contexts that are used again. Belongs to one thread at a time.
class Compressor {
public:
    Compressor();
    // What `text` becomes, after `room` bytes that are the caller's.
    [[nodiscard]] noa::sdk::Status compress(View text, std::size_t room, Bytes& out);

private:
    struct Free {
        void operator()(ZSTD_CCtx* context) const noexcept;
    };
    std::unique_ptr<ZSTD_CCtx, Free> context_;
};

class Decompressor {
public:
    Decompressor();
    // Exactly `size` bytes, no matter what `packed` says of itself.
    [[nodiscard]] noa::sdk::Result<Bytes> decompress(View packed, std::size_t size);
    // As many as there are, up to `most`.
    [[nodiscard]] noa::sdk::Result<Bytes> decompress_all(View packed, std::size_t most);

private:
    struct Free {
        void operator()(ZSTD_DCtx* context) const noexcept;
    };
    std::unique_ptr<ZSTD_DCtx, Free> context_;
};

} // namespace backup
