"""Names of semantic events, as Segment's e-commerce, e-mail, live-chat and B2B specs spell them.

Names no spec has (a late parcel, a promise) follow the same pattern: object, then verb in the past.
"""

# commerce
PRODUCTS_SEARCHED = "Products Searched"
PRODUCT_VIEWED = "Product Viewed"
PRODUCT_ADDED = "Product Added"
PRODUCT_REMOVED = "Product Removed"
PRODUCT_OUT_OF_STOCK = "Product Out Of Stock"
CART_VIEWED = "Cart Viewed"
CHECKOUT_STARTED = "Checkout Started"
PAYMENT_FAILED = "Payment Failed"
ORDER_COMPLETED = "Order Completed"
ORDER_UPDATED = "Order Updated"
ORDER_SHIPPED = "Order Shipped"
ORDER_DELAYED = "Order Delayed"
ORDER_OVERDUE = "Order Overdue"
ORDER_DELIVERED = "Order Delivered"
ORDER_CANCELLED = "Order Cancelled"
ORDER_REFUNDED = "Order Refunded"
ORDER_RETURNED = "Order Returned"
COUPON_APPLIED = "Coupon Applied"
PAYMENT_SUCCEEDED = "Payment Succeeded"
PAYMENT_REFUNDED = "Payment Refunded"
PAYMENT_DISPUTED = "Payment Disputed"
CUSTOMER_DELETED = "Customer Deleted"
SUBSCRIPTION_STARTED = "Subscription Started"
SUBSCRIPTION_UPDATED = "Subscription Updated"
SUBSCRIPTION_RENEWED = "Subscription Renewed"
SUBSCRIPTION_CANCELLED = "Subscription Cancelled"

# what people do on a page
ELEMENT_CLICKED = "Element Clicked"
RAGE_CLICK = "Rage Click"
DEAD_CLICK = "Dead Click"
FORM_SUBMITTED = "Form Submitted"
SCRIPT_ERROR = "Script Error"

# conversation and service
MESSAGE_RECEIVED = "Message Received"
MESSAGE_SENT = "Message Sent"
LIVE_CHAT_MESSAGE_RECEIVED = "Live Chat Message Received"
LIVE_CHAT_MESSAGE_SENT = "Live Chat Message Sent"
LIVE_CHAT_CONVERSATION_STARTED = "Live Chat Conversation Started"
CASE_OPENED = "Case Opened"
CASE_RESOLVED = "Case Resolved"
CASE_REOPENED = "Case Reopened"
PROMISE_MADE = "Promise Made"
PROMISE_KEPT = "Promise Kept"
PROMISE_MISSED = "Promise Missed"
GOODWILL_GIVEN = "Goodwill Given"

# feedback
SURVEY_ANSWERED = "Survey Answered"
PRODUCT_REVIEWED = "Product Reviewed"

# e-mail
EMAIL_DELIVERED = "Email Delivered"
EMAIL_OPENED = "Email Opened"
EMAIL_LINK_CLICKED = "Email Link Clicked"
EMAIL_BOUNCED = "Email Bounced"
EMAIL_MARKED_AS_SPAM = "Email Marked as Spam"
UNSUBSCRIBED = "Unsubscribed"

# Heed's own
CONSENT_CHANGED = "Consent Changed"
CONTACT_PAUSED = "Contact Paused"
CONTACT_RESUMED = "Contact Resumed"
CADENCE_CHOSEN = "Cadence Chosen"
DECISION_MADE = "Decision Made"
ACTION_ACCEPTED = "Action Accepted"
ACTION_DISMISSED = "Action Dismissed"
MOOD_CORRECTED = "Mood Corrected"
LABEL_CORRECTED = "Label Corrected"
ACCOUNT_REMOVED_USER = "Account Removed User"
SEGMENT_ENTERED = "Segment Entered"
SEGMENT_LEFT = "Segment Left"
LIST_MEMBER_ADDED = "List Member Added"
LIST_MEMBER_REMOVED = "List Member Removed"
SCORE_GIVEN = "Score Given"
PROFILES_MERGED = "Profiles Merged"

DERIVED = frozenset({ORDER_OVERDUE, SEGMENT_ENTERED, SEGMENT_LEFT})
"""What Heed concludes from a profile and would not have said of another one."""

CUSTOMER_TEXT = frozenset(
    {MESSAGE_RECEIVED, LIVE_CHAT_MESSAGE_RECEIVED, SURVEY_ANSWERED, PRODUCT_REVIEWED, CASE_OPENED}
)
"""Events whose text the customer wrote: these are understood, what we wrote ourselves is not."""

TEXT_PROPERTIES = ("text", "message", "body", "comment", "review_body")
"""Where the words stand, first found wins."""
