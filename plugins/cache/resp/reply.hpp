// Replies as clients read them, in RESP2 or RESP3. What only RESP3 has is told by its next of kin
// in RESP2: a map by an array twice as long, a double by its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cache::resp {

// Appends to a text that somebody else owns, until that is `most` bytes long: what comes then is
// left out, and the reply is worth nothing.
class Reply {
public:
    Reply(std::string& out, int protocol, std::size_t most) noexcept
        : out_(&out), most_(most), protocol_(protocol) {}
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;

    [[nodiscard]] int protocol() const noexcept { return protocol_; }
    void speak(int protocol) noexcept { protocol_ = protocol; }
    [[nodiscard]] std::size_t size() const noexcept { return out_->size(); }
    // Forgets what was said behind `size`.
    void cut(std::size_t size) { out_->resize(size); }
    [[nodiscard]] bool overflown() const noexcept { return overflown_; }

    void ok() { out_->append("+OK\r\n", 5); }
    void simple(std::string_view text) { line('+', text); }
    // With its code: "ERR no such key". What would end the line becomes spaces.
    void error(std::string_view text);
    void integer(std::int64_t value) { number(':', value); }
    void bulk(std::string_view text) {
        overflown_ = overflown_ || out_->size() + text.size() > most_;
        if (!overflown_) {
            number('$', static_cast<std::int64_t>(text.size()));
            out_->append(text);
            out_->append("\r\n", 2);
        }
    }
    // A whole number as text.
    void bulk_number(std::int64_t value);
    void real(double value);
    void null() { out_->append(protocol_ == 3 ? "_\r\n" : "$-1\r\n"); }
    void null_array() { out_->append(protocol_ == 3 ? "_\r\n" : "*-1\r\n"); }
    void boolean(bool value) {
        out_->append(protocol_ == 3 ? (value ? "#t\r\n" : "#f\r\n")
                                    : (value ? ":1\r\n" : ":0\r\n"));
    }
    // Text that people read.
    void verbatim(std::string_view text);

    void array(std::size_t size) { number('*', static_cast<std::int64_t>(size)); }
    // Twice as many elements follow.
    void map(std::size_t size) { aggregate('%', size, 2); }
    void set(std::size_t size) { aggregate('~', size, 1); }
    void push(std::size_t size) {
        pushed_ = true;
        aggregate('>', size, 1);
    }
    // Is told to those, too, who want no replies.
    [[nodiscard]] bool pushed() const noexcept { return pushed_; }

private:
    void line(char type, std::string_view text) {
        *out_ += type;
        out_->append(text);
        out_->append("\r\n", 2);
    }
    void number(char type, std::int64_t value);
    void aggregate(char type, std::size_t size, std::size_t in_array) {
        number(protocol_ == 3 ? type : '*',
               static_cast<std::int64_t>(protocol_ == 3 ? size : size * in_array));
    }

    std::string* out_;
    std::size_t most_;
    int protocol_;
    bool overflown_ = false;
    bool pushed_ = false;
};

} // namespace cache::resp
