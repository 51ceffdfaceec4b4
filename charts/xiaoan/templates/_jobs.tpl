{{/* Before everything else: as a hook, or in an early wave of Argo CD. Hook objects go when all hooks have succeeded. */}}
{{- define "xiaoan.jobAnnotations" -}}
annotations:
  {{- if .hook }}
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
  {{- else }}
  argocd.argoproj.io/sync-wave: {{ .weight | quote }}
  {{- end }}
  # The tag of a release never moves.
  kube-score/ignore: container-image-pull-policy
{{- end -}}
