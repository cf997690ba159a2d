#include "netft/dataplane/send_error.hpp"

#include <errno.h>

namespace netft::dataplane {

DropReason drop_reason_of(int error) {
    switch (error) {
        case EMSGSIZE: return DropReason::tx_too_big;
        case ENETUNREACH:
        case EHOSTUNREACH:
        case EHOSTDOWN:
        case ENETDOWN:
        case ENODEV:
        case ENXIO:
        case ECONNREFUSED:
        case EADDRNOTAVAIL: return DropReason::tx_unreachable;
        case EPERM:
        case EACCES: return DropReason::tx_forbidden;
        case EAGAIN:
        case EINTR:
        case ENOBUFS:
        case ENOMEM: return DropReason::tx_refused;
        default: return DropReason::tx_error;
    }
}

bool may_be_of_segmentation(int error) {
    switch (error) {
        case EIO:
        case EINVAL:
        case EMSGSIZE:
        case EOPNOTSUPP:
        case ENOPROTOOPT:
        case EPROTONOSUPPORT: return true;
        default: return false;
    }
}

// See the kernel's icmp_err_convert and icmpv6_err_convert.
bool may_be_of_another(int error) {
    switch (error) {
        case ECONNREFUSED:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EHOSTDOWN:
        case ENONET:
        case ENOPROTOOPT:
        case EOPNOTSUPP:
        case EMSGSIZE:
        case EPROTO:
        case EACCES:
        case EINTR: return true;
        default: return false;
    }
}

bool is_refusal_here(int error) { return error == EPERM || error == EACCES; }

}  // namespace netft::dataplane
