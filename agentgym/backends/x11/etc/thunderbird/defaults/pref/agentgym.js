// What Thunderbird does where a profile does not say otherwise. What tasks ask about is as it always is.

// Pages and bars that it shows when it meets a profile for the first time, and what it is told to show by its makers.
pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
pref("mail.rights.version", 1);
pref("mail.inappnotifications.enabled", false);

// What it sends and asks for in the background.
pref("datareporting.healthreport.uploadEnabled", false);
pref("toolkit.telemetry.enabled", false);
pref("app.normandy.enabled", false);
pref("extensions.update.enabled", false);
