#include "talk.hpp"

#include <utility>

namespace console::http {

namespace websocket = boost::beast::websocket;

void Talk::begin(Upgrade request) {
    upgrade_ = std::move(request);
    stream_.read_message_max(longest_message);
    stream_.set_option(websocket::stream_base::timeout::suggested(boost::beast::role_type::server));
    stream_.text(true);
    stream_.async_accept(upgrade_, [self = shared_from_this()](Code error) {
        if (error || self->over_) {
            self->close();
            return;
        }
        self->open_ = true;
        self->read();
        self->pump();
    });
}

void Talk::read() {
    stream_.async_read(buffer_, [self = shared_from_this()](Code error, std::size_t) {
        if (error || self->over_) {
            self->close();
            return;
        }
        if (!self->stream_.got_text()) {
            self->close();
            return;
        }
        const auto data = self->buffer_.data();
        self->ground_.site.heard(*self, {static_cast<const char*>(data.data()), data.size()});
        self->buffer_.clear();
        self->read();
    });
}

void Talk::send(Text text) {
    if (over_ || closing_) {
        return;
    }
    queued_ += text->size();
    queue_.push_back(std::move(text));
    if (queue_.size() > ground_.limits.stream_queue ||
        (queued_ > ground_.limits.stream_bytes && queue_.size() > 1)) {
        ground_.tally.cut_off.add();
        close();
        return;
    }
    pump();
}

void Talk::pump() {
    if (!open_ || writing_ || over_ || closing_ || queue_.empty()) {
        return;
    }
    writing_ = true;
    since_ = Clock::now();
    stream_.async_write(asio::buffer(*queue_.front()),
                        [self = shared_from_this()](Code error, std::size_t) {
                            self->writing_ = false;
                            self->queued_ -= self->queue_.front()->size();
                            self->queue_.pop_front();
                            if (error) {
                                self->close();
                            } else if (self->ground_.leaving) {
                                self->leave();
                            } else {
                                self->pump();
                            }
                        });
}

void Talk::look() {
    if (writing_ && ground_.now - since_ > ground_.limits.write_time) {
        ground_.tally.cut_off.add();
        close();
    }
}

void Talk::leave() {
    if (over_ || writing_ || closing_) {
        return;
    }
    if (!open_) {
        close();
        return;
    }
    closing_ = true;
    stream_.async_close(websocket::close_reason(websocket::close_code::service_restart),
                        [self = shared_from_this()](Code) { self->close(); });
}

void Talk::close() {
    if (over_) {
        return;
    }
    over_ = true;
    ground_.site.ended(*this);
    gone_(*this);
    Code ignored;
    stream_.next_layer().close(ignored);
}

} // namespace console::http
