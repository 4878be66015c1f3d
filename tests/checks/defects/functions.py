"""Functions: their time, their logs, their retries, and who may call them."""

from defects.edits import change, code, get_att, ref, remove, sub

MONITOR, ORCHESTRATOR = "HealthMonitorFunction", "FailoverOrchestratorFunction"


DEFECTS = {
    "E9301": {
        "a time-out below the monitor's run": change(MONITOR, Timeout=60),
        "no time-out": change(MONITOR, Timeout=None),
    },
    "E9302": {
        "a reserve as long as the time-out": change(ORCHESTRATOR, Timeout=45),
        "a reserve too short to tell": code(ORCHESTRATOR, "RESERVE = 115\n", "RESERVE = 15\n"),
        "calls too slow for the reserve": code(ORCHESTRATOR, "read_timeout=3", "read_timeout=60"),
    },
    "W9303": {
        "a function without a log group": change(MONITOR, LoggingConfig=None),
        "a log group by a name that is only text": change(
            MONITOR, LoggingConfig={"LogGroup": sub("/aws/lambda/${AWS::StackName}-x")}
        ),
    },
    "W9304": {
        "an orchestrator that is retried": remove("FailoverOrchestratorInvokeConfig").at(
            ORCHESTRATOR
        ),
        "one retry": change("HealthMonitorInvokeConfig", MaximumRetryAttempts=1).at(MONITOR),
        "retries left as they are": change(
            "HealthMonitorInvokeConfig", MaximumRetryAttempts=None
        ).at(MONITOR),
        "the invoke config of a version": change("HealthMonitorInvokeConfig", Qualifier="1").at(
            MONITOR
        ),
    },
    "E9305": {
        "alarms that may not call": remove("AlarmPermission").at("WriterAlarm"),
        "alarms of other names": change(
            "AlarmPermission",
            SourceArn=sub(
                "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:other-*"
            ),
        ).at("WriterAlarm"),
        "the principal of EventBridge for alarms": change(
            "AlarmPermission", Principal="cloudwatch.amazonaws.com"
        ).at("WriterAlarm"),
        "a permission for the other function": change(
            "AlarmPermission", FunctionName=ref(MONITOR)
        ).at("WriterAlarm"),
        "a schedule that may not call": remove("HealthCheckPermission").at(
            "HealthCheckScheduleRule"
        ),
        "a permission for the other rule": change(
            "RDSEventPermission", SourceArn=get_att("HealthCheckScheduleRule", "Arn")
        ).at("RDSEventRule"),
        "a permission for another service": change(
            "HealthCheckPermission", Principal="s3.amazonaws.com"
        ).at("HealthCheckScheduleRule"),
        "an alarm that calls the other function": change(
            "CompositeAlarm", AlarmActions=[ref("AlertTopic"), get_att(MONITOR, "Arn")]
        ),
        "another action": change("RDSEventPermission", Action="lambda:GetFunction").at(
            "RDSEventRule"
        ),
    },
    "W9306": {
        "a time-out that ends the last call": change(MONITOR, Timeout=122),
        "a run that leaves no time for its last call": code(
            MONITOR, "RUN, SOON, REPEAT = 120,", "RUN, SOON, REPEAT = 138,"
        ),
        "a client without time-outs": code(MONITOR, "config=ONCE) for", "region_name=None) for"),
    },
}

# Not as the project writes it, and works all the same.
FINE = {
    "a time-out by parameter": change(MONITOR, Timeout=ref("DataRetentionDays")),
    "an alarm named by its ARN": change("AlarmPermission", SourceArn=None),
}
