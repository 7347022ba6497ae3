import Testing

import Report
